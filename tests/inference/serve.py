"""`python serve.py TEXT…`: the network behind OpenAI's chat completions, on a free port of the loopback.

The first line on standard output is the address. Pictures come as data URLs; `response_format` with a JSON schema and
tools that must be called are held to by the grammar, token by token.
"""

import argparse
import base64
import binascii
import io
import json
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from decode import Decoder, Said, Sampling, Schema, SchemaRefused, as_tensor, fits
from make import EDGE_PX, IMAGE, ROLES, START, TOKENS_A_PICTURE, Tiny, make
from PIL import Image

Body = dict[str, Any]
NAME = "tiny"
LARGEST_BYTES = 64 << 20
MOST_TOKENS, MOST_FREE_TOKENS = 4096, 64  # without a grammar noise has no end of its own
SAID_WRONG = "messages hold texts and pictures as data URLs"


class Refused(Exception):
    """A request that is not answered, with its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Speaker:
    """Answers chat requests, one after another."""

    def __init__(self, tiny: Tiny) -> None:
        self._tiny = tiny
        self._decoder = Decoder(tiny)
        self._turn = threading.Lock()

    def complete(self, body: Body) -> Body:
        """The chat completion of a request.

        Raises: Refused.
        """
        if body.get("model") != NAME:
            raise Refused(404, f"no model {body.get('model')!r}; there is {NAME!r}")
        if body.get("stream") or body.get("n", 1) != 1:
            raise Refused(400, "one answer at a time, and not in parts: stream and n are not offered")
        prompt, pictures = self._prompt(body)
        if not fits(prompt):
            raise Refused(400, f"the prompt of {len(prompt)} tokens is longer than the context")
        tools = _tools(body)
        schema = _any_call(tools) if tools else _response_schema(body)
        try:
            with self._turn:
                said = self._decoder.say(prompt, as_tensor(pictures, EDGE_PX), schema, _sampling(body, schema))
        except SchemaRefused as problem:
            raise Refused(400, f"json_schema: {problem}") from problem
        return _completion(said, prompt, called=bool(tools))

    def _prompt(self, body: Body) -> tuple[list[int], list[Image.Image]]:
        """Each message behind the mark of its role, each picture as the tokens its features will take the place of."""
        tokens, pictures = [self._tiny.mark(START)], []
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise Refused(400, "there are no messages")
        for message in messages:
            if not isinstance(message, dict) or message.get("role") not in ROLES:
                raise Refused(400, f"a message needs a role of {', '.join(ROLES)}")
            tokens.append(self._tiny.mark(f"<{message['role']}>"))
            for part in _parts(message):
                if isinstance(part, str):
                    tokens += self._tiny.tokenizer.encode(part).ids
                else:
                    tokens += [self._tiny.mark(IMAGE)] * TOKENS_A_PICTURE
                    pictures.append(part)
        return [*tokens, self._tiny.mark("<assistant>")], pictures


def _parts(message: Body) -> list[str | Image.Image]:
    content = message.get("content") or []
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        raise Refused(400, SAID_WRONG)
    return [_part(part) for part in content]


def _part(part: object) -> str | Image.Image:
    match part:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return _picture(url)
    raise Refused(400, SAID_WRONG)


def _picture(url: str) -> Image.Image:
    """The decoded picture of a data URL; nothing is fetched."""
    head, _, data = url.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise Refused(400, "a picture comes as a data URL in base64")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        picture.load()
    except (binascii.Error, OSError, SyntaxError, Image.DecompressionBombError) as problem:
        raise Refused(400, f"a picture can't be decoded ({type(problem).__name__})") from problem
    return picture


def _response_schema(body: Body) -> Schema | None:
    asked = body.get("response_format") or {"type": "text"}
    match asked:
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return schema
        case {"type": "text"}:
            return None
    raise Refused(400, "response_format is text, or json_schema with a schema")


def _tools(body: Body) -> dict[str, Schema]:
    """The parameters of the tools of which one must be called; none where that is left to the network."""
    choice = body.get("tool_choice") or "auto"
    try:
        offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools") or []}
        named = choice if isinstance(choice, str) else choice["function"]["name"]
    except (KeyError, TypeError) as problem:
        raise Refused(400, "a tool needs a function with name and parameters") from problem
    if named in {"auto", "none"}:
        return {}
    chosen = offered if named == "required" else {name: one for name, one in offered.items() if name == named}
    if not chosen:
        raise Refused(400, f"tool_choice {named!r}: no such tool is offered")
    return chosen


def _any_call(tools: dict[str, Schema]) -> Schema:
    return {"anyOf": [_call(name, parameters) for name, parameters in tools.items()]}


def _call(name: str, parameters: Schema) -> Schema:
    """One call as a single object: which tool, then its arguments."""
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": parameters},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _sampling(body: Body, schema: Schema | None) -> Sampling:
    most = MOST_TOKENS if schema is not None else MOST_FREE_TOKENS
    asked = body.get("max_completion_tokens") or body.get("max_tokens") or most
    temperature, seed = body.get("temperature"), body.get("seed")
    try:
        return Sampling(
            temperature=1.0 if temperature is None else float(temperature),
            seed=0 if seed is None else int(seed),
            most_tokens=min(int(asked), most),
        )
    except (TypeError, ValueError) as problem:
        raise Refused(400, "temperature, seed and max_tokens are numbers") from problem


def _completion(said: Said, prompt: list[int], *, called: bool) -> Body:
    message: Body = {"role": "assistant", "content": said.text}
    finish = "stop" if said.ended else "length"
    if called and said.ended:
        call = json.loads(said.text)
        function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
        message |= {"content": None, "tool_calls": [{"id": _id("call"), "type": "function", "function": function}]}
        finish = "tool_calls"
    return {
        "id": _id("chatcmpl"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": NAME,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": len(prompt),
            "completion_tokens": said.tokens,
            "total_tokens": len(prompt) + said.tokens,
        },
    }


def _id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex}"


class Handler(BaseHTTPRequestHandler):
    """The two addresses of the interface that a reader needs."""

    protocol_version = "HTTP/1.1"
    speaker: Speaker

    def do_GET(self) -> None:
        """`/v1/models`."""
        if self.path != "/v1/models":
            self._answer(404, _error(f"nothing at {self.path}"))
            return
        self._answer(200, {"object": "list", "data": [{"id": NAME, "object": "model", "created": 0, "owned_by": "us"}]})

    def do_POST(self) -> None:
        """`/v1/chat/completions`."""
        try:
            body = self._body()
            if self.path != "/v1/chat/completions":
                raise Refused(404, f"nothing at {self.path}")
            self._answer(200, self.speaker.complete(body))
        except Refused as problem:
            self._answer(problem.status, _error(str(problem)))

    def _body(self) -> Body:
        length = int(self.headers.get("content-length") or 0)
        if length > LARGEST_BYTES:
            self.close_connection = True
            raise Refused(413, f"more than {LARGEST_BYTES} bytes")
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError as problem:
            raise Refused(400, "the body is no JSON") from problem
        if not isinstance(body, dict):
            raise Refused(400, "the body is no JSON object")
        return body

    def _answer(self, status: int, body: Body) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: requests hold pictures of patients."""


def _error(message: str) -> Body:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def main() -> None:
    """Serve until the process is ended."""
    told = argparse.ArgumentParser(description="serve a tiny network of random weights")
    told.add_argument("texts", nargs="+", type=Path, metavar="TEXT", help="what the tokenizer is trained on")
    told.add_argument("--seed", type=int, default=0, help="of the weights")
    asked = told.parse_args()
    torch.set_num_threads(1)
    Handler.speaker = Speaker(make(asked.texts, asked.seed))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
