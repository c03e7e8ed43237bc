"""`--stress`, `--boxes` and `--context` through the whole product: films, a reader on board, words that name people."""

import hashlib
import json
import shutil
from datetime import UTC, datetime

import pytest
from fake_providers import site
from typer.testing import CliRunner

from wetread.cli import app
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.egress import Endpoint
from wetread.domain.read import ReadRequest
from wetread.errors import ConfigurationError
from wetread.evaluate.cases import read_cases
from wetread.evaluate.log import read_log
from wetread.evaluate.stress_policy import TRIALS, stress_policy
from wetread.readers.wrappers.ledger import Reservation
from wetread.settings import Settings
from wetread.testing import phantoms
from wetread.wiring import DEMO, declare, evaluating, open_context, open_source
from wetread.wiring.equipment import Equipment
from wetread.wiring.evaluating_trials import questions

FILMS = sorted(path.name for path in DEMO.glob("film-*.dcm"))[:2]


def run(*words):
    return CliRunner().invoke(app, ["evaluate", *map(str, words)], catch_exceptions=False, standalone_mode=False)


@pytest.fixture(scope="module")
def stressed(tmp_path_factory):
    """The example films, stressed, with boxes beside them."""
    folder = tmp_path_factory.mktemp("films")
    lines = ["file,patient_id,labels,modality,view"]
    for number, name in enumerate(FILMS):
        shutil.copy(DEMO / name, folder)
        lines.append(f"{name},p{number},{'Pneumothorax' if number else 'No Finding'},DX,PA")
    (folder / "cases.csv").write_text("\n".join(lines) + "\n")
    texts = ("cough", "stabbing pain")
    orders = {name: {"clinical_question": text} for name, text in zip(FILMS, texts, strict=True)}
    (folder / "context.json").write_text(json.dumps({"studies": orders}))
    (folder / "boxes.csv").write_text(f"file,label,x,y,w,h\n{FILMS[1]},Pneumothorax,0.1,0.1,0.3,0.3\n")
    words = (folder / "cases.csv", "--body-part", "CHEST", "--draws", 100, "--out", folder / "out")
    words = (*words, "--context", folder / "context.json")
    done = run(*words, "--reader", "embedded", "--stress", "--boxes", folder / "boxes.csv")
    assert done.return_value == 0, done.stderr
    return folder, words, done


def test_every_trial_is_asked_and_told_beside_the_reader(stressed):
    folder, _, done = stressed
    log = read_log(folder / "out/log.jsonl")
    asked = {name: log.of(f"embedded+{name}") for name in TRIALS}
    assert {name: len(told) for name, told in asked.items()} == dict.fromkeys(TRIALS, len(FILMS))
    (told,) = json.loads((folder / "out/metrics.json").read_text())["readers"]
    rows = {row["disturbance"]: row for row in told["stress"]}
    assert list(rows) == list(TRIALS)
    assert rows["blank"]["false_findings"]["value"] == 0.0
    assert rows["blank"]["n_read"] + rows["blank"]["n_abstained"] == len(FILMS)
    assert rows["text_swap"]["flips"]["value"] == 0.0
    assert all(rows[name]["passed"] is None for name in TRIALS), "two films carry no verdict"
    assert told["controls"] == []
    assert "changed on purpose (T6)" in done.stdout
    assert "changed on purpose" in (folder / "out/card.html").read_text()


def test_a_reader_on_board_answers_the_picture_whoever_it_is_said_to_be(stressed):
    folder, *_ = stressed
    log = read_log(folder / "out/log.jsonl")
    plain, swapped = log.of("embedded"), log.of("embedded+image_swap")
    assert sorted(one.swapped_with for one in swapped.values()) == FILMS
    for name, told in swapped.items():
        assert told.swapped_with != name
        assert told.findings == plain[told.swapped_with].findings
        assert told.sha256s == plain[told.swapped_with].sha256s


def test_boxes_are_kept_with_the_cases_and_a_later_run_without_them_forgets_none(stressed):
    folder, words, done = stressed
    before = (folder / "out/log.jsonl").read_bytes()
    again = run(*words)
    assert again.stdout == done.stdout
    assert (folder / "out/log.jsonl").read_bytes() == before
    (told,) = json.loads((folder / "out/metrics.json").read_text())["readers"]
    assert [(row["label"], row["n"], row["why"]) for row in told["localisation"]] == [
        ("Pneumothorax", 1, "n/a (too few)"),
        ("all findings", 1, "n/a (too few)"),
    ]
    assert "where it points (T10)" in done.stdout


def test_a_run_that_was_cut_off_goes_on_with_the_same_partners(stressed):
    folder, words, _ = stressed
    log = folder / "out/log.jsonl"
    whole = log.read_bytes()
    swaps = {name: one.swapped_with for name, one in read_log(log).of("embedded+image_swap").items()}
    lines = [line for line in whole.splitlines(keepends=True) if b'"embedded+image_swap"' not in line]
    try:
        log.write_bytes(b"".join(lines))
        done = run(*words, "--reader", "embedded", "--stress")
        assert f"embedded+image_swap: {len(FILMS)} cases asked, 0 were answered before" in done.stderr
        assert f"embedded+blank: 0 cases asked, {len(FILMS)} were answered before" in done.stderr
        assert {name: one.swapped_with for name, one in read_log(log).of("embedded+image_swap").items()} == swaps
    finally:
        log.write_bytes(whole)


def test_answers_given_with_other_words_do_not_mix(stressed):
    folder, words, _ = stressed
    before = (folder / "out/log.jsonl").read_bytes()
    told = json.loads((folder / "out/metrics.json").read_text())["manifest"]["context_sha256"]
    assert told == hashlib.sha256((folder / "context.json").read_bytes()).hexdigest()
    for other in ([], ["--context", folder / "other.json"]):
        (folder / "other.json").write_text(json.dumps({"clinical_question": "Pneumothorax?"}))
        with pytest.raises(ConfigurationError, match="--context"):
            run(*words[:-2], *other, "--reader", "embedded")
    assert (folder / "out/log.jsonl").read_bytes() == before


# Whose words are in a text that was swapped.

HERE = Endpoint(name="here", host="127.0.0.1", on_site=True)
PATIENTS = {"film0.dcm": "Quixotelli", "film1.dcm": "Vanderquist", "film2.dcm": "Bellwether"}


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Three patients whose clinical text names them; cases, orders, and a way to find their studies."""
    folder = tmp_path_factory.mktemp("named")
    orders, lines = {}, ["file,patient_id,labels,age,sex"]
    for number, (file, name) in enumerate(PATIENTS.items()):
        dataset = phantoms.chest_like(PatientName=f"{name}^Zeb", StudyInstanceUID=f"2.25.77{number}")
        phantoms.write(dataset, folder / file)
        lines.append(f"{file},p{number},No Finding,{40 + number},F")
        told = f"Mrs {name}: {('stabbing pain', 'cough', 'fall from a horse')[number]}"
        orders[file] = {"clinical_question": told, "accession_number": f"ACC-{number}93127", "priority": "stat"}
    orders["film2.dcm"]["history"] = ["seen with Zeb Bellwether"]
    (folder / "context.json").write_text(json.dumps({"studies": orders}))
    (folder / "cases.csv").write_text("\n".join(lines) + "\n")
    cases = read_cases(folder / "cases.csv", load_vocabulary()).cases
    with open_source(
        Settings(data_dir=folder / "data"), declare(modality=None, body_part=None, projection=None)
    ) as source:
        studies = {case.case_id: next(source.studies((folder / case.file,))) for case in cases}

        def find(wanted):
            return ((case, studies[case.case_id]) for case in wanted)

        yield cases, find, open_context(folder / "context.json"), Equipment(Settings(data_dir=folder / "data"))


def cleared(question, equipment):
    """The order as a reader in the house would be sent it."""
    request = ReadRequest(study_ref=question.study.ref, views=(), order=question.order)
    with question.known(equipment.knowing):
        return str(equipment.gate.clear(request, HERE).request.order)


def test_another_text_comes_under_the_same_picture_and_names_nobody(named):
    cases, find, orders, equipment = named
    asked = list(questions("text_swap", cases, cases, find=find, orders=orders))
    assert {one.case.case_id for one in asked} == {one.swapped_with for one in asked} == set(PATIENTS)
    for one in asked:
        assert one.study.instances[0].file.endswith(one.case.file)
        assert PATIENTS[one.swapped_with] in one.order.clinical_question
        assert (one.order.age_years, one.order.sex, one.order.priority) == (one.case.age_years, "F", None)
        sent = cleared(one, equipment)
        assert not [name for name in PATIENTS.values() if name.casefold() in sent.casefold()]
        assert any(word in sent for word in ("stabbing", "cough", "horse")), "what matters clinically is still told"


def test_another_picture_comes_under_the_same_text_and_names_nobody(named):
    cases, find, orders, equipment = named
    for one in questions("image_swap", cases, cases, find=find, orders=orders):
        assert one.study.instances[0].file.endswith(one.swapped_with)
        assert one.swapped_with != one.case.case_id
        assert PATIENTS[one.case.case_id] in one.order.clinical_question
        sent = cleared(one, equipment)
        assert not [name for name in PATIENTS.values() if name.casefold() in sent.casefold()]


def test_an_order_is_planted_behind_the_question_and_the_house_notices(named):
    cases, find, orders, equipment = named
    planted = list(questions("injected_text", cases, cases, find=find, orders=orders))
    assert len(planted) == 3
    for one in planted:
        assert PATIENTS[one.case.case_id] in one.order.clinical_question
        assert any(text in one.order.clinical_question for text in stress_policy().injection.texts)
        request = ReadRequest(study_ref=one.study.ref, views=(), order=one.order)
        assert equipment.gate.clear(request, HERE).findings


def test_without_clinical_text_no_text_is_swapped_and_pictures_still_are(named):
    cases, find, _, _ = named
    assert list(questions("text_swap", cases, cases, find=find, orders=None)) == []
    asked = list(questions("image_swap", cases, cases, find=find, orders=None))
    assert [(one.order.age_years, one.order.clinical_question) for one in asked] == [
        (one.case.age_years, None) for one in asked
    ]
    assert len(asked) == 3


def test_an_urgent_order_does_not_raise_what_a_reader_is_judged_by(named):
    cases, find, orders, _ = named
    for one in questions(None, cases, cases, find=find, orders=orders):
        assert orders.of(one.study).priority is not None
        assert one.order.priority is None
        assert one.order.accession_number is not None


def test_one_ceiling_of_costs_holds_for_every_reader_and_every_trial_of_a_command(tmp_path, monkeypatch):
    monkeypatch.setattr("wetread.privacy.ocr.is_installed", lambda: False)  # a house without the extra
    phantoms.write(phantoms.chest_like(Modality="DX", BodyPartExamined="CHEST"), tmp_path / "film.dcm")
    (tmp_path / "cases.csv").write_text("file,patient_id,labels\nfilm.dcm,p,Pneumothorax\n")
    gpt = {"provider": "openai", "model_id": "gpt-4.1", "base_url": "http://127.0.0.1:9/v1", "retries": 0}
    work, later = (
        evaluating.open_evaluation(
            site(tmp_path, gpt=gpt), tmp_path / "cases.csv", images=None, out=tmp_path / "out",
            seed=1, draws=100, command="test",
        )
        for _ in range(2)
    )  # fmt: skip
    now = datetime.now(UTC)
    before = Reservation(reader="another", day=now.date().isoformat(), run=work.run, nanodollars=4_999_999_999)
    Equipment(work.settings).ledger.reserve(before, (), now=now)
    outcome = evaluating.ask(work, "gpt", declared=evaluating.Declaration(), budget_usd=5, disturbance="blank")
    assert "the budget is spent (gpt)" in outcome.stopped
    outcome = evaluating.ask(later, "gpt", declared=evaluating.Declaration(), budget_usd=5, disturbance="blank")
    assert outcome.stopped is None
