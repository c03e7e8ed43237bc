"""Every wire format over real sockets, against fakes nobody here wrote: what is sent, what each failure becomes."""

import asyncio
import base64
import json
import socket

import cv2
import numpy as np
import pytest
from fake_providers import MODEL_IDS, PATHS, vision

from wetread.errors import (
    AnswerUnusable,
    KeyRejected,
    RateLimited,
    ReaderError,
    ReaderRefused,
    ReaderUnavailable,
    TimedOut,
)
from wetread.readers.vision.client import Client
from wetread.readers.vision.failures import FormRefused
from wetread.readers.vision.question import Form, Picture, Question, without_type_lists

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FORMATS = sorted(PATHS)
JSON_X = '{"word": "x"}'
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["word", "number"],
    "properties": {"word": {"type": "string", "enum": ["x", "y"]}, "number": {"type": ["number", "null"]}},
}
PNG = cv2.imencode(".png", np.arange(64, dtype=np.uint8).reshape(8, 8))[1].tobytes()
PICTURE = Picture(data=PNG, media_type="image/png", width=8, height=8)
QUESTION = Question(system="Look.", pictures=(PICTURE, PICTURE), text="What is there?", schema=json.dumps(SCHEMA))


def client(provider: str, base_url: str, **more: object) -> Client:
    return Client("fake", vision(provider, base_url, **more), "test-key", temperature=0.0, detail="high")


def ask(provider: str, base_url: str, form: Form = Form.STRUCTURED, question: Question = QUESTION, **more: object):
    async def once():
        speaker = client(provider, base_url, **more)
        try:
            return await speaker.ask(question, form)
        finally:
            await speaker.aclose()

    return asyncio.run(once())


def at(llmock, provider: str) -> str:
    return llmock.url + PATHS[provider][1]


@pytest.mark.parametrize("provider", FORMATS)
@pytest.mark.parametrize("form", [Form.STRUCTURED, Form.TOOL])
def test_every_wire_format_carries_pictures_and_the_schema(llmock, provider, form):
    reply = ask(provider, at(llmock, provider), form)
    sent = json.dumps(llmock.last_request.body)
    assert sent.count(base64.b64encode(PNG).decode()) == 2
    assert sent.index(base64.b64encode(PNG).decode()) < sent.index("What is there?"), "pictures come first"
    assert '"number"' in sent
    assert "Look." in sent
    if not (provider == "anthropic" and form is Form.STRUCTURED):  # llmock does not act on Anthropic's output_config
        assert json.loads(reply.text)["word"] in {"x", "y"}
    assert reply.answered_by == MODEL_IDS[provider]


@pytest.mark.parametrize("provider", FORMATS)
def test_as_text_the_schema_goes_into_the_instructions(llmock, provider):
    llmock.reply('```json\n{"word": "x", "number": null}\n```')
    reply = ask(provider, at(llmock, provider), Form.TEXT)
    assert "```json" in reply.text
    assert "additionalProperties" in json.dumps(llmock.last_request.body)


@pytest.mark.parametrize("provider", FORMATS)
def test_too_many_requests_says_how_long_to_wait(llmock, provider):
    llmock.rate_limit(retry_after=7, provider=PATHS[provider][0])
    with pytest.raises(RateLimited) as caught:
        ask(provider, at(llmock, provider))
    assert caught.value.retry_after_s == 7
    assert caught.value.billed is False
    assert len(llmock.requests) == 1, "the library must not try again by itself"


@pytest.mark.parametrize("provider", FORMATS)
@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_broken_server_is_worth_another_try(llmock, provider, status):
    llmock.fail(status, provider=PATHS[provider][0])
    with pytest.raises(ReaderUnavailable, match=str(status)) as caught:
        ask(provider, at(llmock, provider))
    assert caught.value.retry
    assert len(llmock.requests) == 1


@pytest.mark.parametrize("provider", FORMATS)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_never_worth_another_try(llmock, provider, status):
    llmock.fail(status, provider=PATHS[provider][0])
    with pytest.raises(KeyRejected, match="check the key") as caught:
        ask(provider, at(llmock, provider))
    assert not caught.value.retry
    assert "test-key" not in str(caught.value)


@pytest.mark.parametrize("provider", FORMATS)
def test_an_unknown_model_id_is_refused_with_what_to_check(llmock, provider):
    llmock.fail(404, provider=PATHS[provider][0])
    with pytest.raises(ReaderRefused, match="check model_id and base_url"):
        ask(provider, at(llmock, provider))


@pytest.mark.parametrize("provider", FORMATS)
def test_a_refused_form_is_told_from_a_refused_request(llmock, provider):
    llmock.fail(400, message="json_schema is not supported", provider=PATHS[provider][0])
    with pytest.raises(FormRefused):
        ask(provider, at(llmock, provider))
    llmock.fail(400, message="the picture is broken", provider=PATHS[provider][0])
    with pytest.raises(ReaderRefused) as caught:
        ask(provider, at(llmock, provider))
    assert not isinstance(caught.value, FormRefused)


@pytest.mark.parametrize("provider", FORMATS)
def test_a_slow_answer_ends_in_time(llmock, provider):
    llmock.delay(3)
    with pytest.raises(TimedOut):
        ask(provider, at(llmock, provider), timeout_s=0.3)


@pytest.mark.parametrize("provider", FORMATS)
def test_an_address_that_never_answers_ends_in_time(silent_port, provider):
    with pytest.raises(TimedOut):
        ask(provider, silent_port, timeout_s=0.3)


@pytest.mark.parametrize("provider", FORMATS)
def test_a_closed_port_is_unavailable_and_not_billed(provider):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ReaderUnavailable) as caught:
        ask(provider, f"http://127.0.0.1:{port}")
    assert caught.value.billed is False


@pytest.mark.parametrize("provider", FORMATS)
def test_a_disconnect_is_unavailable_and_may_be_billed(aimock, provider):
    fake = aimock({"content": "{}"}, flags=("--chaos-disconnect", "1"))
    with pytest.raises(ReaderUnavailable) as caught:
        ask(provider, fake.url + PATHS[provider][2])
    assert caught.value.billed is not False


@pytest.mark.parametrize("provider", FORMATS)
def test_a_malformed_body_is_one_of_our_errors(aimock, provider):
    fake = aimock({"content": "{}"}, flags=("--chaos-malformed", "1"))
    with pytest.raises(ReaderError):
        ask(provider, fake.url + PATHS[provider][2])


@pytest.mark.parametrize("provider", FORMATS)
def test_tokens_are_what_the_provider_billed(aimock, provider):
    usage = {"prompt_tokens": 1234, "completion_tokens": 56, "total_tokens": 1290}
    fake = aimock({"content": '{"word": "x", "number": 1}', "usage": usage})
    reply = ask(provider, fake.url + PATHS[provider][2])
    assert (reply.input_tokens, reply.output_tokens) == (1234, 56)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "openai-compatible"])
def test_an_answer_that_was_cut_off_says_so(aimock, provider):
    fake = aimock({"content": '{"word": "x', "finishReason": "length"})
    assert ask(provider, fake.url + PATHS[provider][2]).cut_off


def test_an_empty_answer_is_unusable_not_empty_findings(aimock):
    fake = aimock({"content": "   "})
    with pytest.raises(AnswerUnusable, match="empty"):
        ask("openai", fake.url + "/v1")


@pytest.mark.parametrize("provider", FORMATS)
def test_a_redirect_is_not_followed(recorder, provider):
    recorder.answer = lambda path, *_: (307, {"location": f"http://127.0.0.1:1{path}"}, b"")
    with pytest.raises(ReaderRefused, match="redirect"):
        ask(provider, recorder.url)
    assert len(recorder.requests) == 1


def test_an_endless_answer_is_stopped(recorder):
    recorder.answer = lambda *_: (200, {}, b" " * (9 << 20))
    with pytest.raises(ReaderError):
        ask("openai", recorder.url)


def test_an_answer_that_expands_is_refused(recorder):
    recorder.answer = lambda *_: (200, {"content-encoding": "gzip"}, b"\x1f\x8b")
    with pytest.raises(ReaderError):
        ask("openai", recorder.url)


@pytest.mark.parametrize(
    "answer", [{"response": '{"word": "x"}'}, {"text": '{"word": "x"}'}, {"output": {"word": "x"}}]
)
def test_a_gateway_of_image_and_prompt_is_spoken_to_in_its_keys(recorder, answer):
    recorder.answer = lambda *_: (200, {}, json.dumps(answer).encode())
    reply = ask("openai-compatible", recorder.url, Form.TEXT, dialect="image-prompt")
    body = json.loads(recorder.requests[0][3])
    assert json.loads(reply.text) == {"word": "x"}
    assert "messages" not in body
    assert len(body["image"]) == 2
    assert body["prompt"].endswith("What is there?")


def test_a_gateway_of_anthropic_blocks_gets_them_on_the_openai_path(recorder):
    completion = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "{}"}}]}
    answer = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", **completion}
    recorder.answer = lambda *_: (200, {}, json.dumps(answer).encode())
    ask("openai-compatible", recorder.url, dialect="anthropic-blocks")
    _, path, _, raw = recorder.requests[0]
    parts = json.loads(raw)["messages"][-1]["content"]
    assert path == "/chat/completions"
    assert parts[0] == {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()},
    }


def test_a_client_works_in_one_event_loop_after_another(llmock):
    speaker = client("openai", at(llmock, "openai"))
    for _ in range(3):
        assert asyncio.run(speaker.ask(QUESTION, Form.STRUCTURED)).text


def test_the_environment_of_a_library_never_moves_a_reader(llmock, monkeypatch):
    """llmock's fixture sets OPENAI_BASE_URL and the like; a reader goes where its own settings say."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/elsewhere")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1/elsewhere")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1/elsewhere")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for provider in FORMATS:
        assert ask(provider, at(llmock, provider), Form.TOOL).text


def test_a_list_of_types_is_spelled_out_for_every_grammar():
    spelled = without_type_lists({"type": ["string", "null"], "enum": ["a", None], "description": "one"})
    assert spelled == {"description": "one", "anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}
