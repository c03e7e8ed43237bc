"""The same request is answered once, and nobody is told of anybody else's files."""

import asyncio
import sqlite3
import stat
from dataclasses import replace

import numpy as np
import pytest
from structlog.testing import capture_logs

from wetread.domain.finding import Evidence, Size
from wetread.domain.order import Laboratory, Order, PriorReport
from wetread.domain.read import (
    Diagnosis,
    ImpressionItem,
    Quality,
    Read,
    ReaderIdentity,
    Recommendation,
    Trace,
    Usage,
)
from wetread.domain.urgency import Priority
from wetread.domain.view import Cell, Limitation, Mapping, Origin, ViewKind, Window
from wetread.errors import ConfigurationError, ReaderUnavailable
from wetread.readers.wrappers import Cached, DiskCache, RunCache
from wetread.testing.studies import finding, read
from wetread.testing.views import view_of

PIXELS = np.full((8, 8), 7, np.uint8)
POLICY = "0" * 64


def film_of(file, uid="1.2.3.4", **facts):
    view = view_of(PIXELS, file=file, **{"modality": "DX", **facts})
    return replace(view, origin=replace(view.origin, sop_instance_uid=uid))


def box(file="anna.dcm", uid="1.2.3.4", frame=1, corners=(0.1, 0.1, 0.5, 0.5)):
    return Evidence(file=file, sop_instance_uid=uid, frame=frame, box=corners, origin="vlm")


def seen(*places, **facts):
    return read(
        finding("wr:pneumothorax", evidence=places), cost_usd=0.02, usage=Usage(calls=2, input_tokens=900), **facts
    )


@pytest.fixture(params=["run", "disk"])
def store(request, tmp_path):
    return RunCache() if request.param == "run" else DiskCache(tmp_path / "answers.sqlite")


def cached(reader, store=None, policy=POLICY):
    return Cached(reader, RunCache() if store is None else store, policy_sha256=policy)


def test_a_hit_asks_nobody_and_costs_nothing(run, steps, film, store):
    reader = steps(seen(trace=Trace(form="tool", latency_s=9.0)))
    keeping = cached(reader, store)
    first, second = run(keeping.read(film())), run(keeping.read(film()))
    assert reader.calls == 1
    assert (first.cost_usd, first.trace.cached) == (0.02, False)
    assert second == replace(
        first,
        cost_usd=0.0,
        usage=Usage(calls=0, input_tokens=0, output_tokens=0, cached_tokens=0),
        trace=Trace(form="tool", cached=True),
    )


def test_every_part_of_a_read_comes_back_as_it_was(run, steps, film, store):
    whole = Read(
        reader=ReaderIdentity(name="one", version="1", fingerprint="fingerprint-one", model_id="gpt-x"),
        findings=(
            finding("wr:pneumothorax", "uncertain", 0.4, laterality="left", location="apex", severity="small",
                    temporal="new", size=Size(value=4.5, unit="mm", method="measured"), rationale="pleural line",
                    claims_critical=True, context_dependent=True, confidence_raw=0.5, confidence_kind="stated"),
            finding("wr:pneumonia", "not_assessable"),
        ),
        abnormal_probability=0.25, quality=Quality(grade="limited", issues=("rotated",)), priority_claim=Priority.P2,
        impression=(ImpressionItem(text="Überdruck \u202emöglich", cites=("wr:pneumothorax",)),),
        differential=(Diagnosis(condition="bulla", code="wr:bulla", probability=0.1, supports=("a",), against=("b",)),),
        recommendations=(Recommendation(text="again", timeframe="PT6H"),),
        limitations=(Limitation(code="c", text="t"),),
        views_read=("f" * 64,), trace=Trace(prompt="p", passes=("pixels",), repairs=1), original='{"a": 1}',
    )  # fmt: skip
    keeping = cached(steps(whole), store)
    run(keeping.read(film()))
    hit = run(keeping.read(film()))
    assert replace(hit, cost_usd=None, usage=None, trace=whole.trace) == whole


CHANGES = {
    "pixels": {"seed": 1}, "age": {"age_years": 40.0}, "sex": {"sex": "F"},
    "question": {"order": Order(clinical_question="rib?")}, "complaint": {"order": Order(chief_complaint="pain")},
    "symptom": {"order": Order(symptoms=("cough",))}, "history": {"order": Order(history=("asthma",))},
    "laboratory": {"order": Order(laboratory=(Laboratory(name="CRP", value="5"),))},
    "prior": {"order": Order(priors=(PriorReport(date=None, text="old"),))},
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_other_request_is_another_question(run, steps, film, change):
    reader = steps(seen())
    keeping = cached(reader)
    run(keeping.read(film()))
    run(keeping.read(film(**change)))
    assert reader.calls == 2


@pytest.mark.parametrize(
    "fact",
    [
        {"label": "A"}, {"modality": "CR"}, {"body_part": "HAND"}, {"projection": "PA"}, {"laterality": "L"},
        {"media_type": "image/jpeg"}, {"width": 9}, {"height": 9}, {"window": Window(center=40, width=80)},
        {"picture": b"other bytes"}, {"spacing_mm": (0.1, 0.1)}, {"mapping": Mapping(scale_x=2, scale_y=2)},
        {"pixel_sha256": "1" * 64}, {"recipe": ("other",)},
    ],
    ids=lambda fact: next(iter(fact)),
)  # fmt: skip
def test_any_other_fact_of_a_view_is_another_question(run, steps, film, fact):
    reader = steps(seen())
    keeping = cached(reader)
    run(keeping.read(film(film_of("a.dcm"))))
    run(keeping.read(film(film_of("a.dcm", **fact))))
    assert reader.calls == 2


@pytest.mark.parametrize("part", ["version", "fingerprint", "model_id", "policy"])
def test_another_reader_or_policy_is_another_question(run, steps, film, part):
    store, one, other = RunCache(), steps(seen()), steps(seen())
    policy = "1" * 64 if part == "policy" else POLICY
    if part != "policy":
        other.identity = replace(other.identity, **{part: "other"})
    run(cached(one, store).read(film()))
    run(cached(other, store, policy).read(film()))
    assert (one.calls, other.calls) == (1, 1)


def test_two_patients_with_one_picture_never_see_each_other_s_files(run, steps, film, store):
    reader = steps(seen(box()))
    keeping = cached(reader, store)
    run(keeping.read(film(film_of("anna.dcm"), ref="st-anna")))
    hit = run(keeping.read(film(film_of("bert.dcm", uid="9.8.7.6"), ref="st-bert")))
    assert reader.calls == 1
    assert hit.findings[0].evidence == (box("bert.dcm", "9.8.7.6"),)
    assert "anna" not in repr(hit)
    assert "1.2.3.4" not in repr(hit)


def montage(*files):
    cells = tuple(
        Cell(
            origin=Origin(file=file, sop_instance_uid=f"{file}.uid", frame=1, source_width=8, source_height=8),
            box=(0, 4 * n, 4, 4 * n + 4),
            mapping=Mapping(scale_x=2, scale_y=2, offset_y=-8.0 * n),
        )
        for n, file in enumerate(files)
    )
    return replace(film_of("x"), kind=ViewKind.MONTAGE, origin=None, mapping=None, cells=cells)


def test_a_box_in_a_montage_finds_its_cell_again(run, steps, film):
    keeping = cached(steps(seen(box("anna2.dcm", "anna2.dcm.uid"))))
    run(keeping.read(film(montage("anna1.dcm", "anna2.dcm"))))
    hit = run(keeping.read(film(montage("bert1.dcm", "bert2.dcm"))))
    assert hit.findings[0].evidence == (box("bert2.dcm", "bert2.dcm.uid"),)


def test_a_box_that_could_be_on_either_of_two_frames_is_asked_again(run, steps, film):
    """One frame under two windows there, two frames here: nobody knows which of the two was meant."""
    bright = {"window": Window(center=40, width=80)}
    reader = steps(seen(box()))
    keeping = cached(reader)
    run(keeping.read(film(film_of("anna.dcm"), film_of("anna.dcm", **bright))))
    same = run(keeping.read(film(film_of("bert.dcm"), film_of("bert.dcm", **bright))))
    assert (reader.calls, same.findings[0].evidence) == (1, (box("bert.dcm"),))
    run(keeping.read(film(film_of("bert.dcm"), film_of("carl.dcm", **bright))))
    assert reader.calls == 2


def test_a_box_on_a_file_that_was_not_sent_is_not_kept(run, steps, film):
    reader = steps(seen(box("elsewhere.dcm")))
    keeping = cached(reader)
    run(keeping.read(film()))
    run(keeping.read(film()))
    assert reader.calls == 2


@pytest.mark.parametrize("name", ["anna.dcm", "1.2.3.4", "st-anna", "ACC-77"])
def test_words_that_name_the_study_are_not_kept(run, steps, film, name):
    reader = steps(seen(impression=(ImpressionItem(text=f"see {name}", cites=("wr:pneumothorax",)),)))
    keeping = cached(reader)
    for _ in range(2):
        order = Order(accession_number="ACC-77")
        run(keeping.read(film(film_of("folder/anna.dcm"), ref="st-anna", order=order)))
    assert reader.calls == 2


def test_failures_silence_and_a_stand_in_s_answer_are_never_kept(run, steps, film, fine):
    silent = read(finding("wr:pneumothorax", "not_assessable"))
    hopped = fine(trace=Trace(hops=("gpt: timeout",)))
    reader = steps(ReaderUnavailable("500"), silent, fine("stand-in"), hopped, fine())
    keeping = cached(reader)
    with pytest.raises(ReaderUnavailable):
        run(keeping.read(film()))
    for _ in range(5):
        run(keeping.read(film()))
    assert reader.calls == 5


def test_equal_requests_at_once_share_one_call(run, steps, film, time):
    reader = steps(seen(box("film.dcm", "1.2.3")), delay_s=1, time=time)
    keeping = cached(reader)

    async def everyone():
        return await asyncio.gather(*(keeping.read(film(file=f"film{n}.dcm" if n else "film.dcm")) for n in range(5)))

    reads = run(everyone())
    assert reader.calls == 1
    assert sorted(read.cost_usd for read in reads) == [0.0] * 4 + [0.02]
    assert [read.findings[0].evidence[0].file for read in reads] == ["film.dcm", *(f"film{n}.dcm" for n in range(1, 5))]


def test_a_first_waiter_that_is_cancelled_takes_nobody_along(steps, film, time):
    reader = steps(seen(), delay_s=5, time=time)
    keeping = cached(reader)

    async def story():
        tasks = [asyncio.create_task(keeping.read(film())) for _ in range(3)]
        await time.turn(seconds=1)
        tasks[0].cancel()
        await time.turn(seconds=4)
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, *others = asyncio.run(story())
    assert isinstance(first, asyncio.CancelledError)
    assert all(one.findings for one in others)
    assert reader.calls == 1


def test_a_call_nobody_waits_for_any_longer_ends_and_the_next_begins_anew(steps, film, time):
    reader = steps(seen(), delay_s=5, time=time)
    keeping = cached(reader)

    async def story():
        tasks = [asyncio.create_task(keeping.read(film())) for _ in range(2)]
        await time.turn(seconds=1)
        for task in tasks:
            task.cancel()
        fresh = asyncio.create_task(keeping.read(film()))
        await asyncio.wait(tasks)
        await time.turn(seconds=0)
        assert reader.inside == 1
        await time.turn(seconds=5)
        return await fresh

    assert asyncio.run(story()).findings
    assert reader.calls == 2


def test_what_does_not_belong_into_a_read_is_not_kept_and_breaks_nothing(run, steps, film):
    reader = steps(seen(original=object()))
    keeping = cached(reader)
    for _ in range(2):
        run(keeping.read(film()))
    assert reader.calls == 2


def test_who_shares_a_call_shares_its_failure(run, steps, film, time):
    keeping = cached(steps(ReaderUnavailable("500"), delay_s=1, time=time))

    async def everyone():
        return await asyncio.gather(*(keeping.read(film()) for _ in range(3)), return_exceptions=True)

    assert all(isinstance(one, ReaderUnavailable) for one in run(everyone()))


def test_who_shares_a_call_whose_boxes_can_t_be_pointed_asks_itself(run, steps, film, time):
    reader = steps(seen(box("elsewhere.dcm")), delay_s=1, time=time)
    keeping = cached(reader)

    async def everyone():
        return await asyncio.gather(*(keeping.read(film()) for _ in range(3)))

    assert [read.cost_usd for read in run(everyone())] == [0.02] * 3
    assert reader.calls == 3


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\x80\x04K\x01.", b'{"schema": "wetread.kept-read/2"}', b"[" * 10_000, "text", None, 7]
)
def test_a_row_that_does_not_parse_is_a_miss_and_goes(run, steps, film, tmp_path, body):
    path, reader = tmp_path / "answers.sqlite", steps(seen())
    keeping = cached(reader, DiskCache(path))
    run(keeping.read(film()))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE reads SET body = ?", (body,))
    assert run(keeping.read(film())).trace is None
    assert reader.calls == 2
    assert run(keeping.read(film())).trace.cached


def test_a_row_under_a_key_that_is_not_its_own_is_a_miss(run, steps, film, tmp_path):
    path, reader = tmp_path / "answers.sqlite", steps(seen())
    keeping = cached(reader, DiskCache(path))
    run(keeping.read(film()))
    run(keeping.read(film(seed=1)))
    with sqlite3.connect(path) as db:
        (one, two), = [tuple(row[0] for row in db.execute("SELECT body FROM reads ORDER BY key"))]  # fmt: skip
        db.execute("UPDATE reads SET body = CASE body WHEN ? THEN ? ELSE ? END", (one, two, one))
    run(keeping.read(film()))
    assert reader.calls == 3


def test_answers_survive_the_process_and_only_their_owner_reads_them(run, steps, film, tmp_path):
    path, reader = tmp_path / "answers.sqlite", steps(seen())
    store = DiskCache(path)
    run(cached(reader, store).read(film()))
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}
    store.close()
    assert run(cached(reader, DiskCache(path)).read(film())).trace.cached
    assert b"film.dcm" not in path.read_bytes()


@pytest.mark.parametrize("kind", ["run", "disk"])
def test_a_store_stays_within_its_size_and_lets_go_of_what_was_not_used_longest(tmp_path, kind):
    store = RunCache(limit_bytes=50) if kind == "run" else DiskCache(tmp_path / "c.sqlite", limit_bytes=50)
    for key in "abcde":
        store.put(key, b"x" * 10)
    store.get("a")
    store.put("f", b"x" * 15)
    assert [key for key in "abcdef" if store.get(key)] == ["a", "d", "e", "f"]
    store.put("g", b"x" * 51)
    assert not any(store.get(key) for key in "abcdefg")


def test_a_damaged_cache_is_begun_anew(tmp_path):
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"no database at all" * 100)
    store = DiskCache(path)
    store.put("a", b"body")
    assert store.get("a") == b"body"


def test_a_cache_that_can_t_be_made_says_so(tmp_path):
    (tmp_path / "answers.sqlite").mkdir()
    with pytest.raises(ConfigurationError, match="the cache can't be used"):
        DiskCache(tmp_path / "answers.sqlite")


def test_a_cache_that_fails_later_is_only_not_used(run, steps, film, tmp_path):
    store, reader = DiskCache(tmp_path / "answers.sqlite"), steps(seen())
    store.close()
    with capture_logs() as logs:
        run(cached(reader, store).read(film()))
    assert reader.calls == 1
    assert {one["event"] for one in logs} == {"cache not used"}
