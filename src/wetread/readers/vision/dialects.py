"""Gateways that leave the OpenAI path: what a request looks like there, and their answers brought back to it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from wetread.readers.vision.extra import httpx2
from wetread.settings import Dialect

Inward = Callable[[httpx2.Response], Awaitable[httpx2.Response]]
Body = dict[str, Any]
ANSWER_KEYS = ("response", "text", "output", "output_text", "content", "result", "answer", "message")


def translated(dialect: Dialect, request: httpx2.Request) -> tuple[httpx2.Request, Inward | None]:
    """The request as the gateway wants it, and what turns its answer back; unchanged for the common path."""
    write = WRITERS.get(dialect)
    if write is None or request.method != "POST":
        return request, None
    body = write(json.loads(request.content))
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [(k, v) for k, v in request.headers.multi_items() if k.lower() not in {"content-length", "host"}]
    rewritten = httpx2.Request(
        request.method, request.url, headers=headers, content=content, extensions=request.extensions
    )
    return rewritten, _as_completion


def image_and_prompt(body: Body) -> Body:
    """One text under `prompt`, pictures under `image`: one string, or a list of several."""
    texts, pictures = [], []
    for message in body.get("messages", []):
        for part in _parts(message):
            if part.get("type") == "image_url":
                pictures.append(part["image_url"]["url"])
            elif part.get("text"):
                texts.append(str(part["text"]))
    rest: Body = {key: body[key] for key in ("model", "max_tokens", "temperature", "response_format") if key in body}
    shown: Body = {} if not pictures else {"image": pictures[0] if len(pictures) == 1 else pictures}
    return {**rest, "prompt": "\n\n".join(texts), **shown}


def anthropic_blocks(body: Body) -> Body:
    """The OpenAI path with pictures as Anthropic's blocks: {"type": "image", "source": {"type": "base64", …}}."""
    return {**body, "messages": [_with_blocks(message) for message in body.get("messages", [])]}


def _with_blocks(message: Body) -> Body:
    if isinstance(message.get("content"), str) or message.get("content") is None:
        return message
    return {**message, "content": [_block(part) for part in _parts(message)]}


def _block(part: Body) -> Body:
    if part.get("type") != "image_url":
        return part
    head, _, data = str(part["image_url"]["url"]).partition(",")
    media_type = head.removeprefix("data:").removesuffix(";base64")
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _parts(message: Body) -> list[Body]:
    content = message.get("content") or []
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


async def _as_completion(response: httpx2.Response) -> httpx2.Response:
    """The answer as a chat completion, whichever key holds its text; errors stay as they are."""
    content = await response.aread()
    if response.is_error:
        return response
    try:
        body = json.loads(content)
    except ValueError:
        return response
    if not isinstance(body, dict) or body.get("choices"):
        return response
    text = next((body[key] for key in ANSWER_KEYS if body.get(key) is not None), None)
    if text is None:
        return response
    usage = body.get("usage") if isinstance(body.get("usage"), dict) else None
    completion = {
        "id": str(body.get("id") or "gateway"),
        "object": "chat.completion",
        "created": 0,
        "model": str(body.get("model") or ""),
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": _said(text)}},
        ],
        **({"usage": usage} if usage else {}),
    }
    return httpx2.Response(
        response.status_code,
        headers={"content-type": "application/json"},
        content=json.dumps(completion).encode(),
        request=response.request if response._request else None,
    )


def _said(text: object) -> str:
    """Text as it is, anything else as JSON; Anthropic's own list of blocks gives its texts."""
    if isinstance(text, list) and all(isinstance(part, dict) for part in text):
        return "".join(str(part.get("text", "")) for part in text)
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)


WRITERS: dict[Dialect, Callable[[Body], Body]] = {
    Dialect.IMAGE_PROMPT: image_and_prompt,
    Dialect.ANTHROPIC_BLOCKS: anthropic_blocks,
}
