"""A real inference server end to end: random weights, a real vision tower, and a grammar that holds every answer."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.view import View, ViewKind
from wetread.readers.prompts import Sheet, sheet_for
from wetread.readers.vision.client import Client
from wetread.readers.vision.failures import FormRefused
from wetread.readers.vision.question import Form, Picture, Question, Reply
from wetread.settings import VisionSettings

DEMO = Path(__file__).parents[2] / "src" / "wetread" / "demo_studies"
FILMS = sorted(DEMO.glob("film-*"))
EXAMINATIONS = [("DX", "CHEST"), ("CT", "HEAD"), ("MG", "BREAST")]
FORMS = [Form.STRUCTURED, Form.TOOL]
SMALL = {
    "type": "object",
    "properties": {"words": {"type": "array", "items": {"type": "string"}}, "size_mm": {"type": ["number", "null"]}},
    "required": ["words", "size_mm"],
    "additionalProperties": False,
}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def picture(seed: int, edge_px: int = 64) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (edge_px, edge_px), dtype=np.uint8)
    data = cv2.imencode(".png", cv2.GaussianBlur(pixels, (0, 0), 3))[1].tobytes()
    return Picture(data=data, media_type="image/png", width=edge_px, height=edge_px)


def sheet(modality: str, body_part: str) -> Sheet:
    shown = picture(0)
    view = View(
        kind=ViewKind.IMAGE,
        picture=shown.data,
        media_type=shown.media_type,
        width=shown.width,
        height=shown.height,
        colour=False,
        modality=modality,
        body_part=body_part,
        pixel_sha256="0" * 64,
        recipe=(),
    )
    return sheet_for(ReadRequest(study_ref="s", views=(view,), order=Order()), load_vocabulary())


def short(*pictures: Picture, schema: dict | None = SMALL) -> Question:
    return Question(system="Look.", pictures=pictures, text="What is there?", schema=schema)


def ask(server: str, question: Question, form: Form = Form.STRUCTURED) -> Reply:
    settings = VisionSettings(
        kind="vision", provider="openai-compatible", dialect="vllm", model_id="tiny", base_url=f"{server}/v1"
    )

    async def once() -> Reply:
        client = Client("tiny", settings, None, temperature=0.0)
        try:
            return await client.ask(question, form)
        finally:
            await client.aclose()

    return asyncio.run(once())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("modality", "body_part"), EXAMINATIONS)
def test_every_answer_follows_the_schema_of_its_examination(server, modality, body_part, form):
    asked = sheet(modality, body_part)
    question = Question(
        system=asked.system, pictures=(picture(1), picture(2)), text="Read the pictures.", schema=asked.schema
    )
    reply = ask(server, question, form)
    jsonschema.Draft202012Validator(asked.schema).validate(json.loads(reply.text))
    assert reply.form is form
    assert reply.answered_by == "tiny"
    assert not reply.cut_off
    assert reply.input_tokens > len(asked.system) / 10
    assert 0 < reply.output_tokens < 4096


def test_without_the_grammar_the_same_weights_follow_no_schema(server):
    """What is valid above is valid by the grammar: left alone, the network speaks noise that never ends."""
    reply = ask(server, short(picture(1)), Form.TEXT)
    assert reply.cut_off
    with pytest.raises((ValueError, jsonschema.ValidationError)):
        jsonschema.validate(json.loads(reply.text), SMALL)


def test_pictures_are_looked_at(server):
    """Each picture takes its own tokens, another picture makes another answer, and the same one the same."""
    none, one, two = (ask(server, short(*map(picture, range(count)))) for count in range(3))
    assert two.input_tokens - one.input_tokens == one.input_tokens - none.input_tokens > 0
    answers = {ask(server, short(picture(seed))).text for seed in range(5)}
    assert len(answers) > 1
    assert {ask(server, short(picture(seed))).text for seed in range(5)} == answers


@pytest.mark.parametrize("form", FORMS)
def test_a_schema_that_no_grammar_holds_is_a_refused_form(server, form):
    impossible = {**SMALL, "properties": {**SMALL["properties"], "words": {"not": {"type": "string"}}}}
    with pytest.raises(FormRefused, match="json_schema"):
        ask(server, short(schema=impossible), form)


def post(server: str, body: bytes) -> tuple[int, dict]:
    request = urllib.request.Request(f"{server}/v1/chat/completions", body, {"content-type": "application/json"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, json.load(problem)


def shows(url: str) -> bytes:
    content = [{"type": "image_url", "image_url": {"url": url}}]
    return json.dumps({"model": "tiny", "messages": [{"role": "user", "content": content}]}).encode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"model": "tiny"}', 400),
        (b'{"model": "tiny", "messages": [{"role": "user", "content": [7]}]}', 400),
        (b'{"model": "other", "messages": [{"role": "user", "content": "x"}]}', 404),
        (shows("http://127.0.0.1:1/film.png"), 400),
        (shows("data:image/png;base64," + base64.b64encode(picture(1).data[:-40]).decode()), 400),
        (shows("data:image/png;base64,????"), 400),
    ],
)
def test_a_broken_request_is_told_so(server, body, status):
    got, said = post(server, body)
    assert got == status
    assert said["error"]["message"]


def test_one_of_several_tools_is_called_with_its_own_arguments(server):
    parameters = {"look": SMALL, "wait": {**SMALL, "properties": {"words": {"enum": [1]}, "size_mm": {"const": 2}}}}
    tools = [{"type": "function", "function": {"name": name, "parameters": one}} for name, one in parameters.items()]
    request = {"model": "tiny", "messages": [{"role": "user", "content": "x"}], "tools": tools, "max_tokens": 900}
    for seed in range(3):
        body = {**request, "tool_choice": "required", "seed": seed}
        first, again = (post(server, json.dumps(body).encode()) for _ in range(2))
        (choice,) = first[1]["choices"]
        called = choice["message"]["tool_calls"][0]["function"]
        jsonschema.validate(json.loads(called["arguments"]), parameters[called["name"]])
        assert called == again[1]["choices"][0]["message"]["tool_calls"][0]["function"], "the seed decides"


def read(server: str, folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    keys = {
        "kind": "vision",
        "provider": "openai-compatible",
        "dialect": "vllm",
        "model_id": "tiny",
        "base_url": f"{server}/v1",
        **more,
    }
    written = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    (folder / "wetread.toml").write_text(f"data_dir = {json.dumps(str(folder))}\n[readers.tiny]\n{written}\n")
    command = [sys.executable, "-m", "wetread", "read", *words, "--reader", "tiny", "--format", "json"]
    return subprocess.run(
        [*command, "--modality", "DX", "--body-part", "CHEST", "--projection", "PA"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
        timeout=280,
    )


def reports_of(done: subprocess.CompletedProcess[str]) -> list[dict]:
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_films_are_read_from_the_command_line_with_checked_findings_or_a_reason(server, tmp_path):
    reports = reports_of(read(server, tmp_path, *map(str, FILMS)))
    answers = [answer for report in reports for answer in report["answers"]]
    assert len(answers) == len(FILMS)
    known = {term.code for term in load_vocabulary()}
    for answer in answers:
        assert answer["reader"] == "tiny"
        if answer["status"] == "abstained":
            assert answer["reason"]
            assert not answer["findings"]
            continue
        assert answer["status"] == "read"
        assert set(sheet("DX", "CHEST").critical_codes) <= {one["code"] for one in answer["findings"]}
        for finding in answer["findings"]:
            assert finding["code"] in known
            assert finding["presence"] in {"present", "absent", "uncertain", "not_assessable"}
    assert any(answer["status"] == "read" for answer in answers), [answer["reason"] for answer in answers]


def test_noise_without_a_grammar_never_calms(server, tmp_path):
    """It is UNREAD with its reason, or it happens to spell a finding's abbreviation ("pe") and is heard as that."""
    (report,) = reports_of(read(server, tmp_path, str(FILMS[0]), answer_form="text"))
    (answer,) = report["answers"]
    assert answer["status"] in {"abstained", "read"}
    if answer["status"] == "abstained":
        assert answer["reason"]
        assert report["urgency"]["priority"] == "UNREAD"
        assert report["findings"] == []
    else:
        seen = {one["code"] for one in answer["findings"] if one["presence"] in {"present", "uncertain"}}
        assert seen - {"wr:other"}
