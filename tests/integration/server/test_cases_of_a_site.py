"""`wetread cases`: what humans signed becomes a folder that can be scored without asking any reader again."""

import csv
import json
import shutil
import stat

import pytest
from api_house import House
from signed_house import come_back, sign, signed_film
from sqlalchemy import select
from stored_studies import DEMO, FILM, PICTURE, taken_in
from typer.testing import CliRunner

from wetread.cli import app
from wetread.domain.clinical_data import load_vocabulary
from wetread.errors import ConfigurationError, InputError
from wetread.evaluate.cases import read_cases
from wetread.evaluate.log import read_log
from wetread.settings import Settings
from wetread.store.tables import audit, studies
from wetread.testing.studies import finding, read
from wetread.wiring.service import open_service

SEES = read(finding("wr:pneumothorax", "present", 0.9), finding("wr:cardiomegaly", "absent", 0.1), name="one")
SEES_NOT = read(finding("wr:pneumothorax", "absent", 0.2), finding("wr:cardiomegaly", "absent", 0.1), name="two")
VOCABULARY = load_vocabulary()


def run(verb, *words):
    return CliRunner().invoke(app, [verb, *map(str, words)], catch_exceptions=False, standalone_mode=False)


def cases(house, out, *words):
    return run("cases", "--data", house.service.data_dir, "--out", out, *words)


def changed(house, study_id, **values):
    with house.database.write() as connection:
        connection.execute(studies.update().where(studies.c.study_id == study_id).values(**values))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Two real films with two readers' answers, one signed with a pneumothorax, one without any finding."""
    data = tmp_path_factory.mktemp("site") / "data"
    service = open_service(Settings(), data)
    house = House(service.database, data)
    eve = house.person()
    there, clear = taken_in(house, FILM)[0], taken_in(house, PICTURE)[0]
    for number, study_id in enumerate((there, clear)):
        house.reported(study_id, SEES, SEES_NOT)
        house.clock.turn(minutes=1)
        come_back(eve)
        sign(eve, study_id, present=("wr:pneumothorax",) if study_id == there else ())
        name = {"patient_id": f"PID-{number}77", "patient_name": "Rossi^Chiara", "patient_sex": "F", "age_years": 93.4}
        changed(house, study_id, **name)
    service.close()
    return data, there, clear


@pytest.fixture
def site(filled, tmp_path):
    """A copy of that house, so that what a test does to it stays with the test."""
    data, there, clear = filled
    shutil.copytree(data, tmp_path / "data")
    service = open_service(Settings(), tmp_path / "data")
    yield House(service.database, tmp_path / "data"), there, clear
    service.close()


def table(folder):
    with (folder / "cases.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_signed_findings_are_the_labels_and_what_was_said_in_service_is_the_log(site, tmp_path):
    house, there, clear = site
    done = cases(house, tmp_path / "out")
    assert (done.return_value, done.stdout) == (0, "2 cases, 6 answers of 3 readers\n")
    refs = {row["study_id"]: row["ref"] for row in rows(house)}
    labels = {row["file"]: row["labels"] for row in table(tmp_path / "out")}
    assert labels == {f"pictures/{refs[there]}": "wr:pneumothorax", f"pictures/{refs[clear]}": "no finding"}
    log = read_log(tmp_path / "out/log.jsonl")
    assert log.readers() == ("one", "two", "report")
    told = log.answers["one", f"pictures/{refs[clear]}"]
    assert told.findings["wr:pneumothorax"].probability == 0.9
    assert told.status == "read"
    assert log.answers["report", f"pictures/{refs[there]}"].priority is not None
    with house.database.read() as connection:
        [line] = connection.execute(select(audit).where(audit.c.action == "export")).mappings()
    assert json.loads(line["data"])["cases"] == 2


def rows(house):
    with house.database.read() as connection:
        return [dict(row) for row in connection.execute(select(studies)).mappings()]


def test_figures_of_the_folder_need_no_reader_and_no_picture(site, tmp_path):
    house, *_ = site
    out = tmp_path / "out"
    cases(house, out, "--no-pictures")
    assert sorted(path.name for path in out.iterdir()) == ["cases.csv", "log.jsonl"]
    done = run("evaluate", out, "--out", out, "--draws", 100)
    assert done.return_value == 0, done.stderr
    told = json.loads((out / "metrics.json").read_text())
    assert [reader["name"] for reader in told["readers"]] == ["one", "two", "report"]
    assert [reader["n_read"] for reader in told["readers"]] == [2, 2, 2]
    [one] = [f for f in told["readers"][0]["findings"] if f["code"] == "wr:pneumothorax"]
    assert (one["n"], one["n_pos"], one["flag_rate"], one["sensitivity"]) == (2, 1, None, None), "two are too few"
    said = read_log(out / "log.jsonl").of("one").values()
    assert [case.findings["wr:pneumothorax"].presence for case in said] == ["present", "present"]


def test_pictures_are_the_stored_bytes_and_can_be_read_again_by_a_reader(site, tmp_path):
    house, there, clear = site
    out = tmp_path / "out"
    cases(house, out)
    refs = {row["study_id"]: row["ref"] for row in rows(house)}
    assert (out / "pictures" / refs[there] / "00001.dcm").read_bytes() == FILM.read_bytes()
    assert (out / "pictures" / refs[clear] / "00001.jpg").read_bytes() == PICTURE.read_bytes()
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    done = run("evaluate", out, "--reader", "embedded", "--modality", "DX", "--body-part", "CHEST", "--draws", 100,
               "--out", tmp_path / "again")  # fmt: skip
    assert done.return_value == 0, done.stderr
    assert json.loads((tmp_path / "again/metrics.json").read_text())["readers"][0]["n_read"] == 2


def test_nothing_but_the_pictures_names_a_patient(site, tmp_path):
    house, *_ = site
    out = tmp_path / "out"
    cases(house, out, "--no-pictures")
    text = "".join(path.read_text() for path in out.iterdir()).casefold()
    stored = rows(house)
    for row in stored:
        for name in ("patient_id", "study_uid", "accession_number", "study_id"):
            assert not row[name] or row[name].casefold() not in text
    assert "rossi" not in text
    assert {row["age"] for row in table(out)} == {"90"}
    assert all(row["patient_id"].startswith("P") and len(row["patient_id"]) == 13 for row in table(out))


def test_one_key_gives_one_patient_one_name_and_another_key_another(site, tmp_path):
    house, *_ = site
    for name, key in (("a", "k1"), ("b", "k1"), ("c", "k2")):
        if not (tmp_path / key).exists():
            run("deidentify", "--new-key", tmp_path / key)
        cases(house, tmp_path / name, "--no-pictures", "--key-file", tmp_path / key)
    a, b, c = ([row["patient_id"] for row in table(tmp_path / name)] for name in "abc")
    assert a == b
    assert not set(a) & set(c)


def test_a_share_of_patients_goes_to_calibration_and_none_to_both(own_house, tmp_path):
    house = own_house
    eve = house.person()
    for number in range(10):
        signed_film(house, eve, number, answers=(SEES,), critical=False, read_min=1, patient=f"P{number // 2}")
    key = tmp_path / "key"
    key.write_text("17" * 32)
    key.chmod(0o600)
    words = ("--no-pictures", "--calib-share", 0.5, "--key-file", key)
    assert cases(house, tmp_path / "out", *words).return_value == 0
    told = read_cases(tmp_path / "out/cases.csv", VOCABULARY).cases
    by_patient = {case.patient_id: case.split for case in told}
    assert len(by_patient) == 5
    assert all(case.split == by_patient[case.patient_id] for case in told)
    assert {"calib", "test"} <= set(by_patient.values())


@pytest.mark.parametrize("name", ["rossi", "Rossi-2026", "for_PID-077", "chiararossi"])
def test_a_folder_that_is_named_after_a_patient_is_refused_without_the_name(site, tmp_path, name):
    house, *_ = site
    with pytest.raises(InputError, match="named after a patient") as refused:
        cases(house, tmp_path / name)
    assert "rossi" not in str(refused.value).casefold()
    assert not (tmp_path / name).exists()


def test_what_lies_in_the_folder_already_is_never_touched(site, tmp_path):
    house, *_ = site
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="already"):
        cases(house, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_run_that_breaks_leaves_no_folder_at_all(site, tmp_path, monkeypatch):
    house, *_ = site
    monkeypatch.setattr("wetread.wiring.case_source.joined", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        cases(house, tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if path.name == "out" or path.name.startswith(".cases-")]


def test_an_earlier_version_of_a_reader_stands_under_a_name_of_its_own(site, tmp_path):
    house, there, _ = site
    from wetread.store.tables import reads

    with house.database.write() as connection:
        mine = (reads.c.reader == "one", reads.c.study_id == there)
        body = connection.scalar(select(reads.c.body).where(*mine)).replace('"fingerprint":"', '"fingerprint":"older')
        connection.execute(reads.update().where(*mine).values(fingerprint="older", body=body))
    cases(house, tmp_path / "out", "--no-pictures")
    names = read_log(tmp_path / "out/log.jsonl").readers()
    assert len([name for name in names if name.startswith("one")]) == 2
    assert any(name.startswith("one@older") for name in names)


def test_a_chest_report_in_words_alone_is_labelled_by_its_words(own_house, tmp_path):
    house = own_house
    eve = house.person()
    said, silent = house.film(1), house.film(2, patient="P2")
    for study_id, words in ((said, "Large left pleural effusion. No pneumothorax."), (silent, "See the other film.")):
        house.turn(study_id, "held")
        report = eve.get(f"/api/v1/studies/{study_id}/report").json()
        url = f"/api/v1/studies/{study_id}/report/sign"
        signed = eve.post(url, json={"report_id": report["report_id"], "text": words})
        assert signed.status_code == 200, signed.text
    done = cases(house, tmp_path / "out", "--no-pictures")
    assert "1 signed studies say nothing coded" in done.stderr
    [row] = table(tmp_path / "out")
    assert row["labels"].startswith("wr:pleural-effusion")
    assert "pneumothorax" not in row["labels"]


def test_a_withdrawn_report_is_no_truth(site, tmp_path):
    house, there, _ = site
    eve = house.stranger()
    come_back(eve)
    report = eve.get(f"/api/v1/studies/{there}/report").json()
    taken_back = {"report_id": report["report_id"], "reason": "wrong patient"}
    assert eve.post(f"/api/v1/studies/{there}/report/withdraw", json=taken_back).status_code < 300
    cases(house, tmp_path / "out", "--no-pictures")
    assert [row["labels"] for row in table(tmp_path / "out")] == ["no finding"]
    with pytest.raises(InputError, match="no signed truth"):
        cases(house, tmp_path / "later", "--since", "2100-01-01")


def test_a_folder_with_one_case_file_is_a_source_of_cases(tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    film = DEMO / "film-00003940.dcm"
    (films / film.name).write_bytes(film.read_bytes())
    with pytest.raises(InputError, match="no case file"):
        run("evaluate", films, "--out", tmp_path / "out")
    (films / "truth.csv").write_text(f"file,patient_id,labels\n{film.name},p,Mass\n")
    done = run("evaluate", films, "--reader", "embedded", "--draws", 100, "--out", tmp_path / "out")
    assert done.return_value == 0, done.stderr
    assert json.loads((tmp_path / "out/metrics.json").read_text())["data"]["test"] == 1
    (films / "other.csv").write_text("file,patient_id,labels\n")
    with pytest.raises(InputError, match="several files"):
        run("evaluate", films, "--out", tmp_path / "out")
    (films / "cases.csv").write_text((films / "truth.csv").read_text())
    assert run("evaluate", films, "--draws", 100, "--out", tmp_path / "out").return_value == 0


def test_a_folder_of_dicom_needs_only_the_uids_of_its_studies(tmp_path):
    from pydicom import dcmread

    film = DEMO / "film-00003940.dcm"
    (tmp_path / "films/deep").mkdir(parents=True)
    (tmp_path / "films/deep/any.dcm").write_bytes(film.read_bytes())
    uid = dcmread(film, stop_before_pixels=True).StudyInstanceUID
    line = {"study_uid": str(uid), "patient_id": "p", "labels": ["Mass"], "split": "test"}
    (tmp_path / "films/cases.jsonl").write_text(json.dumps(line) + "\n")
    done = run("evaluate", tmp_path / "films", "--reader", "embedded", "--draws", 100, "--out", tmp_path / "out")
    assert done.return_value == 0, done.stderr
    [reader] = json.loads((tmp_path / "out/metrics.json").read_text())["readers"]
    assert (reader["n"], reader["n_read"]) == (1, 1)
