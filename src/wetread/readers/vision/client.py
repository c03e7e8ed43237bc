"""One endpoint, asked over pydantic-ai: the wire formats of all providers behind one `ask`."""

import asyncio
import json
from typing import Any

from wetread.errors import AnswerUnusable
from wetread.readers.vision import extra
from wetread.readers.vision.connect import connect
from wetread.readers.vision.failures import FormRefused, as_reader_error
from wetread.readers.vision.place import address_of, endpoint_of
from wetread.readers.vision.question import Form, Question, Reply, spelled_out
from wetread.readers.vision.wire import open_client
from wetread.settings import Provider, VisionSettings

ANSWER_NAME = "read"
ANSWER_ABOUT = "The preliminary read of the pictures."
BY_SCHEMA = "Answer with one JSON object in a ```json block and nothing else. It follows this JSON schema:\n"
CUT_OFF = {"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"}
OPENAI = {Provider.OPENAI, Provider.OPENAI_RESPONSES, Provider.OPENAI_COMPATIBLE, Provider.DEEPSEEK}


class Client:
    """Asks one model id at one address. Connections belong to the running event loop and are made anew for another."""

    def __init__(
        self,
        name: str,
        settings: VisionSettings,
        key: str | None,
        *,
        temperature: float | None,
        max_output_tokens: int | None = None,
        detail: str | None = None,
        media_resolution: str | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._key = key
        self._temperature = temperature
        self._max_output_tokens = max_output_tokens or settings.max_output_tokens
        self._hints = _hints(settings.provider, detail, media_resolution)
        self._endpoint = endpoint_of(name, settings)
        self._open: tuple[asyncio.AbstractEventLoop, extra.Model, extra.httpx2.AsyncClient] | None = None

    async def ask(self, question: Question, form: Form) -> Reply:
        """The endpoint's reply.

        Raises: RateLimited, TimedOut, ReaderUnavailable (try again), KeyRejected, FormRefused, ReaderRefused (do not),
        AnswerUnusable (an empty answer).
        """
        speaker = self._speaker()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                response = await extra.model_request(
                    speaker,
                    self._messages(question, form),
                    model_settings=self._parameters(),
                    model_request_parameters=_asked(question, form),
                    instrument=False,
                )
        except Exception as problem:
            raise as_reader_error(problem, name=self._name, host=self._endpoint.host) from problem
        return self._reply(response, form)

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        if self._open is not None and self._open[0] is asyncio.get_running_loop():
            await self._open[2].aclose()
        self._open = None

    def _speaker(self) -> extra.Model:
        loop = asyncio.get_running_loop()
        if self._open is None or self._open[0] is not loop:
            settings = self._settings
            http = open_client(
                address_of(settings),
                dialect=settings.dialect,
                timeout_s=settings.timeout_s,
                concurrency=settings.concurrency,
                on_site=self._endpoint.on_site,
            )
            self._open = (loop, connect(settings, address_of(settings), self._key, http), http)
        return self._open[1]

    def _parameters(self) -> extra.ModelSettings:
        told = extra.ModelSettings(
            max_tokens=self._max_output_tokens,
            timeout=self._settings.timeout_s,
            max_retries=0,
        )
        if self._temperature is not None:
            told["temperature"] = self._temperature
        return told

    def _messages(self, question: Question, form: Form) -> list[extra.ModelMessage]:
        system = question.system
        if form is Form.TEXT and question.schema is not None:
            system = f"{system}\n\n{BY_SCHEMA}{question.schema}"
        shown = [
            extra.BinaryContent(data=one.data, media_type=one.media_type, vendor_metadata=self._hints)
            for one in question.pictures
        ]
        asked: list[extra.ModelMessage] = [
            extra.ModelRequest(
                parts=[extra.SystemPromptPart(content=system), extra.UserPromptPart(content=[*shown, question.text])]
            )
        ]
        if question.answer is not None:
            asked.append(extra.ModelResponse(parts=[extra.TextPart(content=question.answer or "(empty)")]))
            asked.append(extra.ModelRequest(parts=[extra.UserPromptPart(content=question.remark or "")]))
        return asked

    def _reply(self, response: extra.ModelResponse, form: Form) -> Reply:
        usage = response.usage
        finish = str((response.provider_details or {}).get("finish_reason") or response.finish_reason or "")
        text = _text(response)
        if not text.strip():
            raise AnswerUnusable(f"{self._name}: the answer is empty (finish reason {finish or 'not stated'})")
        return Reply(
            text=text,
            form=form,
            answered_by=response.model_name,
            cut_off=finish in CUT_OFF or response.finish_reason == "length",
            input_tokens=usage.input_tokens or None,
            output_tokens=usage.output_tokens or None,
            cached_tokens=usage.cache_read_tokens or None,
        )


def _text(response: extra.ModelResponse) -> str:
    """The tool's arguments where a tool was called, else the text."""
    for part in response.parts:
        if isinstance(part, extra.ToolCallPart):
            return part.args if isinstance(part.args, str) else json.dumps(part.args or {}, ensure_ascii=False)
    return "".join(part.content for part in response.parts if isinstance(part, extra.TextPart))


def _asked(question: Question, form: Form) -> extra.ModelRequestParameters:
    """The schema by the provider's structured output, as a tool that must be called, or not at all."""
    if question.schema is None or form is Form.TEXT:
        return extra.ModelRequestParameters()
    schema = spelled_out(question.schema)
    if form is Form.STRUCTURED:
        shape = extra.OutputObjectDefinition(json_schema=schema, name=ANSWER_NAME, strict=True)
        return extra.ModelRequestParameters(output_mode="native", output_object=shape)
    tool = extra.ToolDefinition(
        name=ANSWER_NAME, description=ANSWER_ABOUT, parameters_json_schema=schema, strict=True, kind="output"
    )
    return extra.ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)


def _hints(provider: Provider, detail: str | None, media_resolution: str | None) -> dict[str, Any] | None:
    """How closely the provider should look, in its own words."""
    if provider in OPENAI and detail is not None:
        return {"detail": detail}
    if provider is Provider.GOOGLE and media_resolution is not None:
        return {"media_resolution": {"level": media_resolution}}
    return None


__all__ = ["Client", "FormRefused"]
