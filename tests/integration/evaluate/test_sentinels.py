"""Sentinel cases: asked of every live reader each day, past every cache; a changed answer raises the alarm."""

import json
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select

from drift_site import Site
from scripted_plugin import SAYS, install
from wetread.errors import Conflict, InputError, NotFound
from wetread.evaluate.drift.daily import look_today
from wetread.evaluate.drift.measure import DriftKind, Level
from wetread.intake import Declared
from wetread.readers.wrappers import Cached
from wetread.settings import Settings, VisionSettings
from wetread.store.backup import write_backup
from wetread.store.retention import sweep
from wetread.store.sentinels import add_sentinel, retire_sentinel, sentinels_of
from wetread.store.tables import sentinel_answers
from wetread.testing.phantoms import chest_like, ct_series, write
from wetread.wiring.drifting import Drifting
from wetread.wiring.readers import choose_readers
from wetread.wiring.sentinels import New, add, asking, live_readers

READER = "scripted"
sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def script(tmp_path, monkeypatch):
    made = install(tmp_path / "plugin")
    monkeypatch.syspath_prepend(str(tmp_path / "plugin"))
    yield made
    sys.modules.pop("wetread_scripted", None)


@pytest.fixture
def site(database, tmp_path, script):
    return Site(database, tmp_path, settings=Settings(data_dir=tmp_path, default_readers=(READER,)))


def film(site, name="case 1"):
    """A sentinel of one film, as `add` keeps it."""
    path = write(chest_like(64, 56, name=name, StudyInstanceUID=f"1.2.3.{sum(map(ord, name))}"), site.folder / "a.dcm")
    blob, _ = site.blobs.put_file(path)
    with site.database.write() as connection:
        return add_sentinel(connection, name, [blob], declared={}, by="ada", now=site.clock.now())


def day(site, drifting):
    """The next day's round; what was seen of the reader."""
    site.clock.turn(hours=24)
    drifting.rounds.ask(live_readers(site.service))
    return look_today(site.database, READER, site.settings.service.drift, now=site.clock.now())


def answers(site):
    with site.database.read() as connection:
        return [dict(row) for row in connection.execute(select(sentinel_answers)).mappings()]


def test_a_flip_on_a_fixed_case_alarms_on_the_day_and_an_unchanged_reader_never_does(site, script):
    for number in range(3):
        film(site, f"case {number}")
    drifting = Drifting(site.service, site.isolation)
    for _ in range(3):
        seen = day(site, drifting)
        assert {one.level for one in seen.measures} == {Level.QUIET}
    assert script.asked == len(answers(site)) == 9  # every day anew
    script.change(says={**SAYS, "wr:pneumothorax": ["absent", 0.4]})
    seen = day(site, drifting)
    told = {one.what: one for one in seen.measures}
    assert told["presence"].level is Level.ALARM
    assert (told["presence"].kind, told["presence"].value, told["presence"].n) == (DriftKind.SENTINEL, 3.0, 3)
    assert told["probability"].level is Level.WARN
    assert day(site, drifting).level is Level.ALARM  # it is held to what it said first, not to yesterday
    script.change(says=SAYS)
    assert day(site, drifting).level is Level.QUIET


@sqlite
def test_what_was_said_is_kept_with_who_said_it_and_what_it_cost(site):
    film(site)
    day(site, Drifting(site.service, site.isolation))
    [row] = answers(site)
    assert row["said"]["wr:pneumothorax"] == {"presence": "present", "probability": 0.9}
    assert (row["reader"], row["fingerprint"], row["cost_usd"]) == (READER, "m1", 0.02)
    assert "Phantom" not in json.dumps(row, default=str)


@sqlite
def test_a_reader_that_is_gone_is_asked_again_later_and_one_that_refuses_has_answered(site, script):
    film(site)
    drifting = Drifting(site.service, site.isolation)
    drifting.rounds.ask([READER])
    site.clock.turn(hours=24)
    script.change(gone=True)
    for minutes in (0, 30, 31):
        site.clock.turn(minutes=minutes)
        drifting.rounds.ask([READER])
    assert (script.asked, len(answers(site))) == (3, 1)  # once, and once more after an hour
    script.change(gone=False, refuses=True)
    site.clock.turn(hours=1)
    drifting.rounds.ask([READER])
    assert [one["said"] for one in answers(site)][1:] == [{}]
    seen = look_today(site.database, READER, site.settings.service.drift, now=site.clock.now())
    assert seen.level is Level.ALARM  # it answered on this case before


@sqlite
def test_a_case_that_was_not_answered_of_late_is_told_and_not_taken_for_well(site, script):
    film(site, "case 1")
    film(site, "case 2")
    drifting = Drifting(site.service, site.isolation)
    assert day(site, drifting).level is Level.QUIET
    with site.database.read() as connection:
        last = sentinels_of(connection)[1]
    site.blobs.remove(last.blobs[0])
    day(site, drifting)
    seen = day(site, drifting)
    [told] = [one for one in seen.measures if one.what == "presence"]
    assert (told.level, told.n) == (Level.WARN, 1)
    assert told.text.startswith("1 of 2 fixed cases answered")


@sqlite
@pytest.mark.parametrize("others", [0, 1])
def test_an_alarm_ends_with_the_sentinel_that_raised_it(site, script, others):
    for number in range(1 + others):
        film(site, f"case {number + 1}")
    drifting = Drifting(site.service, site.isolation)
    day(site, drifting)
    script.change(says={**SAYS, "wr:pneumothorax": ["absent", 0.4]})
    assert day(site, drifting).level is Level.ALARM
    script.change(says=SAYS)
    with site.database.write() as connection:
        retire_sentinel(connection, "case 1", now=site.clock.now())
    assert day(site, drifting).level is (Level.QUIET if others else Level.TOO_FEW)


@sqlite
def test_a_retired_sentinel_is_asked_of_no_more_and_its_name_stays_taken(site, script):
    film(site)
    drifting = Drifting(site.service, site.isolation)
    day(site, drifting)
    with site.database.write() as connection:
        retire_sentinel(connection, "case 1", now=site.clock.now())
    assert day(site, drifting) is None
    assert script.asked == 1
    with pytest.raises(Conflict, match="already"):
        film(site)
    with site.database.write() as connection, pytest.raises(Conflict, match="retired"):
        retire_sentinel(connection, "case 1", now=site.clock.now())
    with site.database.write() as connection, pytest.raises(NotFound, match="no sentinel"):
        retire_sentinel(connection, "nobody", now=site.clock.now())


def test_the_files_of_a_sentinel_are_never_swept_and_are_part_of_a_backup(site, tmp_path):
    [blob] = film(site).blobs
    loose, _ = site.blobs.put_bytes(b"left over")
    later = site.clock.now() + timedelta(days=20 * 365)
    assert sweep(site.database, site.blobs, later).blobs == 1
    assert site.blobs.exists(blob)
    assert not site.blobs.exists(loose)
    made = write_backup(
        site.database, site.blobs, tmp_path / "b.tar", files={}, software="wetread", now=site.clock.now()
    )
    assert (made.blobs, made.blobs_absent) == (1, 0)
    with site.database.write() as connection:
        retire_sentinel(connection, "case 1", now=site.clock.now())
    assert sweep(site.database, site.blobs, later).blobs == 1


@sqlite
def test_a_bare_picture_is_read_as_what_it_was_declared_to_be(site):
    import cv2
    import numpy as np

    path = site.folder / "film.png"
    cv2.imwrite(str(path), np.tile(np.arange(64, dtype=np.uint8) * 4, (80, 1)))
    declared = Declared(modality="DX", body_part="CHEST", projection="PA")
    made = add(site.service, New(name="bare", paths=(path,), declared=declared, by="ada"))
    assert dict(made.declared) == {"modality": "DX", "body_part": "CHEST", "projection": "PA"}
    day(site, Drifting(site.service, site.isolation))
    assert len(answers(site)) == 1


@sqlite
def test_what_is_not_one_study_with_pictures_is_no_sentinel(site, tmp_path):
    (tmp_path / "words.txt").write_text("no picture")
    write(chest_like(16, 16, name="1", StudyInstanceUID="1.2.3.1"), tmp_path / "two" / "1.dcm")
    write(chest_like(16, 16, name="2", StudyInstanceUID="1.2.3.2"), tmp_path / "two" / "2.dcm")
    for path in (tmp_path / "words.txt", tmp_path / "two"):
        with pytest.raises(InputError):
            add(site.service, New(name="bad", paths=(path,), declared=Declared(), by="ada"))
    ct_series(tmp_path / "ct", slices=3, rows=16, columns=16)
    for name in ("", "../x", "x" * 61, "Müller"):
        with pytest.raises(InputError, match="is no name of a sentinel"):
            add(site.service, New(name=name, paths=(tmp_path / "ct",), declared=Declared(), by="ada"))
    made = add(site.service, New(name="chest CT", paths=(tmp_path / "ct",), declared=Declared(), by="ada"))
    assert len(made.blobs) == 3


@sqlite
def test_no_reader_answers_a_sentinel_from_its_cache(database, tmp_path, monkeypatch):
    kept = VisionSettings(
        kind="vision", provider="openai-compatible", model_id="m", base_url="http://127.0.0.1:9/v1", cache="disk"
    )
    site = Site(database, tmp_path, settings=Settings(data_dir=tmp_path, readers={"paid": kept}))
    wrapped = {type(one) for one in layers(asking(site.service, site.isolation, "paid").desk.readers[0])}
    assert Cached not in wrapped
    usual = choose_readers(site.settings, ["paid"]).readers[0]
    assert Cached in {type(one) for one in layers(usual)}


def layers(reader):
    """A reader and those inside it."""
    while reader is not None:
        yield reader
        reader = getattr(reader, "reader", None)
