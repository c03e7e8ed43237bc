"""`wetread calibrate` from a log, and the embedded reader, a panel and a cascade that read by what it wrote."""

import asyncio
import json
import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from planted import NODULE, PNEUMOTHORAX, cases_of, log_of, renamed, skilled, write_log
from wetread.cli import app
from wetread.domain.order import Order
from wetread.guard import Inline
from wetread.panel import load_figures, load_weights
from wetread.pipeline import read_study
from wetread.readers import embedded_reader
from wetread.readers.calibrator import logit_of
from wetread.readers.site_calibration import load_calibration
from wetread.reporting.as_text import as_text
from wetread.settings import Settings
from wetread.wiring import DEMO, declare, open_source
from wetread.wiring.desk import make_desk
from wetread.wiring.equipment import Equipment

FILM = DEMO / "film-00003940.dcm"
CODES = (PNEUMOTHORAX, NODULE)
NOTHING = declare(modality=None, body_part=None, projection=None)


def run(*words, env=None):
    return CliRunner().invoke(app, [*map(str, words)], env=env, catch_exceptions=False, standalone_mode=False)


@pytest.fixture(scope="module")
def film():
    with open_source(Settings(), NOTHING) as source:
        (study,) = source.studies((FILM,))
    return study


@pytest.fixture(scope="module")
def bare(film):
    """What the embedded reader says of the film without any calibration, by code."""
    return by_code(asked(film, Settings()))


def asked(film, settings):
    desk = make_desk(settings, readers=("embedded",), output="json", isolation=Inline(), equipment=Equipment(settings))
    return asyncio.run(read_study(film, Order(), desk))


def by_code(report):
    (answer,) = report.answers
    return {one.code: one for one in answer.findings}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A log in which the embedded reader, under its own fingerprint, and a dear one answered 400 cases."""
    folder = tmp_path_factory.mktemp("site")
    cases = (*cases_of(400, seed=1, codes=CODES, share=0.25), *cases_of(200, seed=2, codes=CODES, split="test"))
    mark = embedded_reader().identity.fingerprint
    own = skilled(cases, "embedded", skill=6.0, slope=0.4, codes=CODES, seed=3)
    own = {case: replace(one, fingerprint=mark) for case, one in own.items()}
    dear = skilled(cases, "dear", skill=3.0, codes=CODES, seed=4, cost_usd=0.02)
    controls = renamed(own, "embedded+border_only")
    write_log(folder, log_of(cases, own, dear, controls))
    done = run("calibrate", folder, "--out", folder / "out", "--cascade", "embedded,dear", "--uncertain-from", "0.2")
    assert done.return_value == 0, done.stderr
    return folder, done


def test_the_command_says_what_it_measured_and_where_it_put_it(site):
    folder, done = site
    assert "400 calibration cases of 400 patients; valid until" in done.stdout
    assert re.search(r"pneumothorax\s+400\s+\d+\s+platt", done.stdout)
    assert "embedded,dear: saving" in done.stdout
    assert "sensitivity changes by" in done.stdout
    assert "border_only" not in done.stdout
    assert sorted(p.name for p in (folder / "out").iterdir()) == ["calibration.toml", "cascade.toml", "weights.toml"]
    assert str(folder) not in (folder / "out/calibration.toml").read_text()
    for name in ("calibration.toml", "weights.toml", "cascade.toml"):
        told = tomllib.loads((folder / "out" / name).read_text())
        assert (told["valid_until"] - told["date"]).days == 90


def test_a_read_with_the_calibration_has_the_sites_probabilities_and_names_them(site, bare):
    folder, _ = site
    path = folder / "out/calibration.toml"
    calibration = load_calibration(path)
    done = run("read", FILM, "--format", "json", env={"WETREAD_CALIBRATION_FILE": str(path)})
    report = json.loads(done.stdout.splitlines()[0])
    after = {one["code"]: one for one in report["answers"][0]["findings"]}
    mine = {one.row.code: one for one in calibration.maps if one.row.reader == "embedded"}
    assert set(mine) == set(CODES)
    for code, one in mine.items():
        own = bare[code].probability
        assert after[code]["probability"] == pytest.approx(one.calibrator(logit_of(own)), abs=1e-6)
        assert after[code]["probability"] != pytest.approx(own, abs=1e-4)
        assert after[code]["calibrator_id"] == calibration.calibrator_id
        assert after[code]["confidence_raw"] == own
        assert after[code]["presence"] == bare[code].presence.value
    others = set(bare) - set(mine)
    assert others
    assert all(after[code]["probability"] == bare[code].probability for code in others)
    assert not any(one["code"] == "calibration_not_used" for one in report["limitations"])


@pytest.mark.parametrize("void", ["expired", "another fingerprint"])
def test_a_void_calibration_is_said_in_the_report(site, film, bare, tmp_path, void):
    folder, _ = site
    text = (folder / "out/calibration.toml").read_text()
    if void == "expired":
        text = re.sub(r"(?m)^date = .*$", "date = 2019-12-01", text)
        text = re.sub(r"(?m)^valid_until = .*$", "valid_until = 2020-01-01", text)
    else:
        text = text.replace(embedded_reader().identity.fingerprint, "0" * 64)
    (tmp_path / "calibration.toml").write_text(text)
    report = asked(film, Settings(calibration_file=tmp_path / "calibration.toml"))
    said = [one.text for one in report.answers[0].limitations if one.code == "calibration_not_used"]
    assert len(said) == 1
    assert void in said[0]
    assert by_code(report) == bare
    assert "the site's calibration of embedded is not used" in as_text(report).decode()


def test_a_calibration_that_is_broken_stops_the_command_with_its_key(tmp_path):
    (tmp_path / "calibration.toml").write_text('schema = "wetread.calibration/1"\n')
    done = CliRunner().invoke(
        app, ["read", str(FILM)], env={"WETREAD_CALIBRATION_FILE": str(tmp_path / "calibration.toml")}
    )
    assert done.exit_code != 0
    assert "measured_on" in str(done.exception)


def test_the_panel_and_the_cascade_of_the_product_take_the_files(site):
    folder, _ = site
    weights, figures = load_weights(folder / "out/weights.toml"), load_figures(folder / "out/cascade.toml")
    mark = embedded_reader().identity
    judged = weights.judge(mark, PNEUMOTHORAX, datetime.now(UTC).date())
    assert judged.counts
    assert weights.judge(replace(mark, fingerprint="later"), PNEUMOTHORAX, datetime.now(UTC).date()).reason
    assert (figures.screen, figures.fingerprint) == ("embedded", mark.fingerprint)
    assert figures.calibration == load_calibration(folder / "out/calibration.toml").calibrator_id


@pytest.mark.parametrize("words", [("--cascade", "embedded"), ("--cascade", "a,a"), ("--reader", "nobody")])
def test_what_can_not_be_done_is_refused_and_nothing_is_written(site, tmp_path, words):
    folder, _ = site
    done = CliRunner().invoke(app, ["calibrate", str(folder), "--out", str(tmp_path / "out"), *words])
    assert done.exit_code != 0
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_folder_without_a_log_is_named(tmp_path):
    done = CliRunner().invoke(app, ["calibrate", str(tmp_path), "--out", str(tmp_path / "out")])
    assert "holds no log.jsonl" in str(done.exception)
