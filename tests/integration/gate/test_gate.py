"""The gate on real films: it stops a worse reader, lets a better one through, and only a named person promotes it."""

import csv
import logging
import re
import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from wetread.cli import app
from wetread.domain.clinical_data import shipped
from wetread.domain.people import Role
from wetread.errors import ConfigurationError, Conflict, Forbidden, NotFound
from wetread.evaluate.log import read_log
from wetread.guard import Inline
from wetread.settings import load_settings
from wetread.store.gate import changes_of, run_of, runs_of
from wetread.store.people import add_user, change_user, find_user
from wetread.store.tables import audit
from wetread.wiring import DEMO, lineup
from wetread.wiring.desk import make_desk
from wetread.wiring.equipment import Equipment
from wetread.wiring.service import open_service

COLUMNS = ("file", "patient_id", "labels", "split", "age", "sex", "view")
KEPT = re.compile(r"kept as run ([0-9a-f]{32})")


def run(*words):
    return CliRunner().invoke(app, ["gate", *map(str, words)], catch_exceptions=False, standalone_mode=False)


def told(*words):
    """Exit code and text of a verb that leaves by an error too."""
    done = CliRunner().invoke(app, ["gate", *map(str, words)], standalone_mode=False)
    return done.exception


@pytest.fixture(scope="module")
def home(tmp_path_factory, plugin):
    """A site: settings, a data folder, people, and a plug-in that tosses coins."""
    folder = tmp_path_factory.mktemp("gate")
    site = shipped("gate.toml").replace("latency_times = 2.0", "latency_times = 1e6")  # a coin is quick to toss
    (folder / "gate.toml").write_text(site)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(plugin)
        patch.setenv("WETREAD_DATA_DIR", str(folder / "data"))
        patch.setenv("WETREAD_SERVICE__GATE__POLICY_FILE", str(folder / "gate.toml"))
        patch.chdir(folder)
        service = open_service(load_settings())
        for login, roles in (("ada", [Role.ADMIN]), ("ray", [Role.RADIOLOGIST])):
            add_user(service.database, login=login, roles=roles, password="a long password", now=service.now())
        handlers = logging.getLogger().handlers[:]
        yield folder, service
        logging.getLogger().handlers[:] = handlers  # those of the command line write to a stream that is closed now
        service.close()


@pytest.fixture(scope="module")
def films(home, shared):
    """Every film of a held-out set with a critical finding or none, and as many others; how to name them."""
    folder, _ = home
    with (shared / "cxr/labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["collection"] == "nih_clean" and r["split"] == "test"]
    told = [r for r in rows if {"Pneumothorax", "No Finding"} & set(r["labels"].split("|"))]
    told += [r for r in rows if r not in told][:30]
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(told)
    words = ("--images", shared / "cxr", "--modality", "DX", "--body-part", "CHEST", "--draws", 100)
    return folder / "cases.csv", words, len(told)


@pytest.fixture(scope="module")
def stopped(home, films):
    """The worse reader before the gate: what was printed, the run, the folder."""
    folder, _ = home
    cases, words, _ = films
    words = ("--present", "embedded", "--candidate", "coin", "--out", folder / "out", *words)
    done = run("run", cases, *words, "--data", folder / "data")
    return done, KEPT.search(done.stderr)[1]


@pytest.fixture(scope="module")
def passed(home, films, stopped):
    """The other way round, on the same answers."""
    folder, _ = home
    cases, words, _ = films
    before = (folder / "out/log.jsonl").read_bytes()
    words = ("--present", "coin", "--candidate", "embedded", "--out", folder / "out", *words)
    done = run("run", cases, *words, "--data", folder / "data")
    assert (folder / "out/log.jsonl").read_bytes() == before, "nobody is asked again"
    return done, KEPT.search(done.stderr)[1]


def test_a_worse_reader_is_stopped_and_the_log_proves_it(home, films, stopped):
    folder, service = home
    done, run_id = stopped
    _, _, n = films
    assert done.return_value == 1
    assert "STOPPED: coin is worse on" in done.stdout
    assert re.search(r"any finding +STOPPED", done.stdout)
    log = read_log(folder / "out/log.jsonl")
    assert {len(log.of(name)) for name in ("embedded", "coin")} == {n}
    with service.database.read() as connection:
        (one,) = [run for run in runs_of(connection) if run.run_id == run_id]
    assert (one.present, one.candidate, one.lets_through) == ("embedded", "coin", False)
    kept = lineup.kept_of(one)
    assert kept.manifest["test_cases"] == n
    assert len(str(kept.manifest["pictures_sha256"])) == len(one.cases_sha256) == 64


def test_a_better_reader_is_let_through_on_the_very_same_answers(passed):
    done, _ = passed
    assert done.return_value == 0
    assert "LET THROUGH: embedded" in done.stdout
    assert "STOPPED" not in done.stdout


def test_what_the_gate_said_can_be_looked_up_again(home, stopped, passed):
    folder, _ = home
    data = ("--data", folder / "data")
    listed = run("list", *data).stdout
    assert re.search(rf"{stopped[1]} .* stops +embedded +coin", listed)
    assert re.search(rf"{passed[1]} .* lets through +coin +embedded", listed)
    again = run("show", stopped[1], *data)
    assert again.return_value == 1
    assert again.stdout.rstrip() == stopped[0].stdout[: stopped[0].stdout.rindex("cases ")].rstrip()
    assert "reader" in run("shadow", *data).stdout


def test_only_a_named_administrator_promotes_and_only_what_was_let_through(home, stopped, passed):
    folder, service = home
    data = ("--data", folder / "data", "--reason", "it sees more")
    assert isinstance(told("promote", stopped[1], "--slot", "embedded", "--by", "ada", *data), Conflict)
    assert isinstance(told("promote", passed[1], "--slot", "coin", "--by", "ray", *data), Forbidden)
    assert isinstance(told("promote", passed[1], "--slot", "coin", "--by", "nobody", *data), NotFound)
    change_user(service.database, user_id(service, "ray"), roles=[Role.ADMIN], active=False)
    assert isinstance(told("promote", passed[1], "--slot", "coin", "--by", "ray", *data), Forbidden)
    with service.database.read() as connection:
        assert changes_of(connection) == ()


def test_a_promoted_reader_is_asked_under_the_name_of_the_slot_until_it_is_rolled_back(home, passed):
    folder, service = home
    data = ("--data", folder / "data", "--reason", "it sees more")
    done = run("promote", passed[1], "--slot", "coin", "--by", "ada", *data)
    assert "embedded stands in the slot coin from now on, by ada" in done.stderr
    assert desk_of(service, "coin") == (["embedded"], (("coin", "embedded"),))
    assert re.search(r"coin +embedded +8ec1d199f249 +promote", run("lineup", *data[:2]).stdout)
    run("rollback", "--slot", "coin", "--by", "ada", *data)
    assert desk_of(service, "coin") == (["coin"], ())
    with service.database.read() as connection:
        look = select(audit.c.object, audit.c.actor, audit.c.data).where(audit.c.action.in_(("promote", "rollback")))
        written = connection.execute(look.order_by(audit.c.seq)).all()
    assert [one.object for one in written] == ["slot/coin", "slot/coin"]
    assert all(one.actor.startswith("console:") and '"by":"ada"' in one.data for one in written)


def test_a_file_of_predictions_passes_the_gate_and_is_promoted_by_nobody(home, films, passed, shared):
    folder, service = home
    cases, words, _ = films
    file = f"reference={shared / 'cxr/reference_densenet121_preds.csv'}"
    both = ("--present", "coin", "--candidate", "reference", "--predictions", file, "--out", folder / "out")
    done = run("run", cases, *both, *words, "--data", folder / "data")
    assert done.return_value == 0
    refused = lineup_refusal(service, KEPT.search(done.stderr)[1])
    assert "is a file of predictions" in refused


def test_a_log_of_another_reader_of_the_same_name_is_not_gone_on_with(home, films, passed, monkeypatch):
    folder, _ = home
    cases, words, _ = films
    monkeypatch.setenv("COIN", "coin-2")
    both = ("--present", "embedded", "--candidate", "coin", "--out", folder / "out")
    problem = told("run", cases, *both, *words)
    assert isinstance(problem, ConfigurationError)
    assert "holds answers of another coin (coin-1, it is coin-2 now)" in str(problem)


def test_the_frozen_set_is_frozen_to_the_pixel(home, tmp_path):
    for path in sorted(DEMO.glob("*.dcm"))[:2]:
        shutil.copy(path, tmp_path)
    names = sorted(path.name for path in tmp_path.glob("*.dcm"))
    rows = [f"{name},p{n},{'Pneumothorax' if n else 'No Finding'}" for n, name in enumerate(names)]
    (tmp_path / "cases.csv").write_text("\n".join(["file,patient_id,labels", *rows]) + "\n")
    words = ("--present", "coin", "--candidate", "coin", "--draws", 100, "--out", tmp_path / "out")
    few = run("run", tmp_path / "cases.csv", *words)
    assert few.return_value == 1, "two cases prove nothing"
    assert "STOPPED: nobody can say it of coin on so few cases" in few.stdout
    raw = bytearray((tmp_path / names[0]).read_bytes())
    raw[-1] ^= 1
    (tmp_path / names[0]).write_bytes(raw)
    problem = told("run", tmp_path / "cases.csv", *words)
    assert isinstance(problem, ConfigurationError)
    assert "holds a gate run of other pictures" in str(problem)


def user_id(service, login):
    return find_user(service.database, login).user_id


def lineup_refusal(service, run_id):
    with service.database.read() as connection:
        found = run_of(connection, run_id)
    return lineup.refusal(found, days=30, now=service.now() + timedelta(days=1))


def desk_of(service, name):
    """Who sits at the desk of this name, and what its reports will say of it."""
    equipment = Equipment(service.settings)
    places = lineup.places_of(service.database, equipment)
    desk = make_desk(
        service.settings, readers=(name,), output="json", isolation=Inline(), equipment=equipment, places=places
    )
    return [reader.name for reader in desk.readers], desk.provenance.lineup


def test_another_vocabulary_or_threshold_is_a_candidate_of_the_same_name(home, films, tmp_path):
    """The same plug-in under a policy of its own: another ground, so another reader, though its fingerprint is one."""
    folder, _ = home
    cases, words, n = films
    policy = tmp_path / "urgency.toml"
    policy.write_text(shipped("urgency.toml").replace('version = "', 'version = "site-', 1))
    (tmp_path / "new.toml").write_text(f'policy_file = "{policy}"\n')
    both = ("--present", "coin", "--candidate", "coin", "--candidate-config", tmp_path / "new.toml")
    done = run("run", cases, *both, *words, "--out", folder / "out", "--data", folder / "data")
    assert done.return_value == 0
    assert len(read_log(folder / "out/candidate/log.jsonl").of("coin")) == n
    problem = told("promote", KEPT.search(done.stderr)[1], "--slot", "coin", "--by", "ada", "--reason", "new policy",
                   "--data", folder / "data")  # fmt: skip
    assert isinstance(problem, Conflict), "this site does not run under those settings yet"
    assert "coin has changed since gate run" in str(problem)
