"""The list: its order, its pages, its filters; each page is a range of an index."""

import base64
import json
import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from stored import MINUTE, NOON, change, name_of, placed, put_studies, put_study
from stored import incoming as incoming_object
from wetread.domain.urgency import Priority
from wetread.domain.waiting import AiState, StudyStatus
from wetread.errors import InputError, NotFound
from wetread.server.worklist_rows import ai_state
from wetread.store.filters import jump_to, look_at, read_cursor, stretches_of
from wetread.store.listing import Filters, Sort, count_priors, open_counts, page, priors, study, study_by_uid, totals

S = StudyStatus


def made_up(number, dice):
    return {
        "study_id": name_of(str(number))[:32],
        "study_uid": f"1.2.{number}",
        "status": dice.choice([S.QUEUED, S.REPORTED, S.SIGNED]),
        "open": number % 3 != 0,
        "lane": dice.choice([1, 2, 3]),
        "deadline": NOON + number % 7 * MINUTE,
        "arrived_at": NOON + number % 11 * MINUTE,
        "priority": dice.choice([None, Priority.P1, Priority.P4]),
        "modalities": dice.choice(["\\CT\\", "\\CR\\SR\\", "\\MR\\"]),
        "assignee": dice.choice([None, "ada"]),
        "study_date": dice.choice([None, "2026-01-01", "2026-01-02"]),
        "patient_id": f"P{number % 20}",
        "patient_name": dice.choice(["Muster^Max", "MUSTERMANN^Eva", "Roe^50%"]),
        "source": "A" if number % 2 else "B",
        "signed_at": None if number % 3 else NOON + number % 5 * MINUTE,
        "reported_at": dice.choice([None, NOON]),
        "problem": dice.choice([None, "nobody answered"]),
        "disputed": dice.choice([None, False, True]),
    }


@pytest.fixture
def filled(database):
    """60 studies of all kinds, in no order."""
    dice = random.Random(4)
    put_studies(database, [made_up(number, dice) for number in dice.sample(range(60), 60)])
    return database


def whole(database, limit=7, **filters):
    rows, after = [], None
    for _ in range(100):
        shown = page(database, filters=Filters(**filters), after=after, limit=limit)
        rows += shown.rows
        after = shown.next
        if after is None:
            return rows, shown
        assert len(shown.rows) == limit
    raise AssertionError("the pages do not end")


ORDERS = {
    Sort.STANDING: lambda row: (not row["open"], row["lane"], row["deadline"], row["study_id"]),
    Sort.ARRIVED: lambda row: (-row["arrived_at"].timestamp(), [-ord(c) for c in row["study_id"]]),
    Sort.STUDY_DATE: lambda row: (
        row["study_date"] is None,
        [-ord(c) for c in row["study_date"] or ""],
        [-ord(c) for c in row["study_id"]],
    ),
    Sort.SIGNED: lambda row: (
        row["signed_at"] is None,
        -row["signed_at"].timestamp() if row["signed_at"] else 0,
        [-ord(c) for c in row["study_id"]],
    ),
}


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("is_open", [None, True, False])
def test_pages_follow_each_other_without_gap_or_repeat(filled, sort, is_open):
    rows, last = whole(filled, sort=sort, open=is_open)
    ids = [row["study_id"] for row in rows]
    assert len(ids) == len(set(ids)) == {None: 60, True: 40, False: 20}[is_open] == last.total
    assert rows == sorted(rows, key=ORDERS[sort])


KEPT = {
    "open": (True, lambda r: r["open"]),
    "statuses": ((S.QUEUED,), lambda r: r["status"] == "queued"),
    "priorities": ((Priority.P1, None), lambda r: r["priority"] in {"P1", None}),
    "modality": ("SR", lambda r: "\\SR\\" in r["modalities"]),
    "assignee": ("none", lambda r: r["assignee"] is None),
    "overdue_at": (NOON + 3 * MINUTE, lambda r: r["deadline"] < NOON + 3 * MINUTE),
    "patient_id": ("P7", lambda r: r["patient_id"] == "P7"),
    "patient_name": ("muster", lambda r: r["patient_name"].lower().startswith("muster")),
    "text": ("50%", lambda r: "50%" in r["patient_name"]),
    "arrived_from": (NOON + 5 * MINUTE, lambda r: r["arrived_at"] >= NOON + 5 * MINUTE),
    "arrived_until": (NOON + 5 * MINUTE, lambda r: r["arrived_at"] < NOON + 5 * MINUTE),
    "source": ("A", lambda r: r["source"] == "A"),
    "ai": ((AiState.READ, AiState.PENDING), lambda r: ai_state(r) in {AiState.READ, AiState.PENDING}),
    "disputed": (False, lambda r: not r["disputed"]),
}


@pytest.mark.parametrize("sort", Sort)
def test_each_filter_and_each_pair_of_filters_keeps_exactly_what_it_says(filled, sort):
    everything, _ = whole(filled, sort=sort, limit=100)
    for first, (value, keeps) in KEPT.items():
        for second, (value2, keeps2) in KEPT.items():
            rows, last = whole(filled, sort=sort, limit=50, **{first: value, second: value2})
            expected = {row["study_id"] for row in everything if keeps(row) and keeps2(row)}
            assert {row["study_id"] for row in rows} == expected, (first, second)
            assert last.total == len(expected), (first, second)
            assert rows == sorted(rows, key=ORDERS[sort]) or (
                sort is Sort.STANDING and len({r["open"] for r in rows}) > 1
            )


def test_a_study_that_is_new_above_does_not_shift_the_next_page(filled):
    first = page(filled, filters=Filters(open=True), limit=5)
    put_study(filled, "0" * 32, lane=1, deadline=NOON - MINUTE)
    second = page(filled, filters=Filters(open=True), after=first.next, limit=5)
    assert not {r["study_id"] for r in first.rows} & {r["study_id"] for r in second.rows}
    assert page(filled, filters=Filters(open=True), limit=1).rows[0]["study_id"] == "0" * 32


def told(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    "word",
    [
        "",
        "!!",
        "é",
        told(),
        told("standing", 1),
        told("standing", 1, 0, 3, 5),
        told("standing", 1, 0, 9, 5, "a"),
        told("standing", 1, 0, 3, 10**40, "a"),
        told("standing", 1, 0, 3, 5, {"a": 1}),
        told("standing", 1, True, 3, 5, "a"),
        told("standing", 1, -1, 3, 5, "a"),
        told("arrived_at", 1, 0, 5, "a"),
        "[" * 5000,
    ],
)
def test_a_cursor_that_was_not_given_out_is_refused(word):
    filters = Filters(open=True)
    with pytest.raises(InputError, match="first page"):
        read_cursor(word, filters.sort, stretches_of(filters))


def test_a_cursor_is_a_value_and_never_sql(database):
    word = told("standing", 1, 0, 3, 5, "'; DROP TABLE studies")
    assert page(database, filters=Filters(open=True), after=word).rows == ()
    assert totals(database) == {}


def test_totals_follow_every_change(filled):
    change(filled, name_of("1")[:32], status=S.SIGNED, open=False, priority="P1")
    rows, _ = whole(filled, limit=100)
    assert sum(totals(filled).values()) == len(rows) == 60
    for (is_open, status, priority), n in totals(filled).items():
        assert n == sum((r["open"], r["status"], r["priority"]) == (is_open, status, priority) for r in rows)


def test_a_count_beyond_what_anybody_reads_is_a_least_number(filled, monkeypatch):
    monkeypatch.setattr("wetread.store.listing.COUNTED_TO", 5)
    shown = page(filled, filters=Filters(source="A"), limit=10)
    assert (shown.total, shown.total_is_at_least) == (5, True)
    assert not page(filled, filters=Filters(source="nobody")).total_is_at_least


def test_priors_are_of_the_same_patient_and_nobody_else(database):
    born = {"patient_id": "P1", "patient_birth_date": "1980-01-01"}
    for name, facts in {
        "own": born,
        "old": born | {"study_date": "2020-01-01"},
        "newer": born | {"study_date": "2024-01-01"},
        "undated": {"patient_id": "P1"},
        "other birth": born | {"patient_birth_date": "1999-01-01"},
        "other": {"patient_id": "P2"},
        "unknown": {},
    }.items():
        placed(database, incoming_object(name, study_facts=facts | {"study_uid": f"1.{name}"}))
    found = [row["study_uid"] for row in priors(database, name_of("own")[:32])]
    assert found == ["1.newer", "1.old", "1.undated"]
    assert priors(database, name_of("unknown")[:32]) == ()


def test_priors_are_counted_as_they_are_listed(database):
    dice, births = random.Random(7), [None, "1980-01-01", "1999-01-01"]
    rows = [
        {"study_id": name_of(f"n{n}")[:32], "patient_id": who, "patient_birth_date": dice.choice(births)}
        for n, who in enumerate(dice.choices(["P1", "P2", "P3", "", None], k=40))
    ]
    put_studies(database, rows)
    names = [row["study_id"] for row in rows]
    with database.read() as connection:
        counted = count_priors(connection, names)
        assert count_priors(connection, []) == {}
    assert counted == {name: len(priors(database, name)) for name in names}
    shown = page(database, filters=Filters(), limit=10)
    assert shown.priors == {row["study_id"]: counted[row["study_id"]] for row in shown.rows}


def test_what_waits_is_counted_by_whom_it_waits_for_and_no_farther_than_told(filled, monkeypatch):
    everything, _ = whole(filled, limit=100, open=True)
    now = NOON + 3 * MINUTE
    counted = open_counts(filled, assignee="ada", now=now)
    assert counted.assigned == sum(row["assignee"] == "ada" for row in everything)
    assert counted.unassigned == sum(row["assignee"] is None for row in everything)
    assert counted.overdue == sum(row["deadline"] < now for row in everything)
    monkeypatch.setattr("wetread.store.listing.COUNTED_TO", 3)
    assert open_counts(filled, assignee="ada", now=now).unassigned == 3


@pytest.mark.parametrize("sort", Sort)
def test_a_jump_leads_to_the_row_that_pages_lead_to(filled, sort):
    for name in (None, "open", *KEPT):
        filters = Filters(sort=sort, **({name: KEPT[name][0]} if name else {}))
        rows = page(filled, filters=filters).rows
        assert rows == tuple(_by_fives(filled, filters)), name
        for offset in {1, 19, 40, len(rows) - 1, len(rows), 10**8} - {0, -1}:
            shown = page(filled, filters=filters, offset=offset, limit=5)
            assert shown.rows == rows[offset:][:5], (name, offset)
            assert shown.total == len(rows), (name, offset)
            assert (shown.next is None) == (offset + 5 >= len(rows)), (name, offset)
            if shown.next:  # pages go on from where a jump led
                assert page(filled, filters=filters, after=shown.next, limit=5).rows == rows[offset + 5 :][:5]


def _by_fives(database, filters):
    after = ""
    while after is not None:
        shown = page(database, filters=filters, after=after or None, limit=5)
        yield from shown.rows
        after = shown.next


def test_a_jump_and_a_page_after_another_are_not_asked_for_at_once(filled):
    word = page(filled, filters=Filters(open=True), limit=5).next
    with pytest.raises(InputError, match="one of them"):
        page(filled, filters=Filters(open=True), after=word, offset=5)


def test_a_jump_skips_rows_in_the_index_alone(filled):
    filters = Filters(open=True)
    (stretch,) = stretches_of(filters)
    plan = plan_of(filled, jump_to(filters, stretch, 30, 10))
    if filled.is_sqlite:
        assert "USING COVERING INDEX ix_studies_standing (open=?)" in plan, plan
    else:
        assert "Limit" in plan, plan
        assert "ix_studies_standing" in plan, plan


def test_a_study_is_found_by_its_uid(filled):
    assert study_by_uid(filled, "1.2.7")["study_id"] == name_of("7")[:32]
    for look in (lambda: study(filled, "0" * 32), lambda: study_by_uid(filled, "1.2.99")):
        with pytest.raises(NotFound):
            look()


RANGES = {
    "the list": ({"open": True}, "ix_studies_standing"),
    "one status": ({"statuses": (S.FAILED,)}, "ix_studies_flow"),
    "one status, open": ({"statuses": (S.FAILED,), "open": True}, "ix_studies_flow"),
    "one priority": ({"priorities": (Priority.P1,), "open": True}, "ix_studies_priority"),
    "mine": ({"assignee": "ada", "open": True}, "ix_studies_assignee"),
    "nobody's": ({"assignee": "none", "open": True}, "ix_studies_standing"),
    "overdue": ({"overdue_at": NOON, "open": True}, "ix_studies_standing"),
    "modality": ({"modality": "CT", "open": True}, "ix_studies_standing"),
    "source and time": ({"source": "A", "arrived_from": NOON, "open": True}, "ix_studies_standing"),
    "arrival": ({"sort": Sort.ARRIVED}, "ix_studies_arrived_at"),
    "arrival, open": ({"sort": Sort.ARRIVED, "open": True}, "ix_studies_open_arrived_at"),
    "arrival, since": ({"sort": Sort.ARRIVED, "arrived_from": NOON}, "ix_studies_arrived_at"),
    "AI failed": ({"ai": (AiState.FAILED,), "open": True}, "ix_studies_standing"),
    "disputed": ({"disputed": True, "open": True}, "ix_studies_standing"),
    "signature": ({"sort": Sort.SIGNED}, "ix_studies_open_signed_at"),
    "signature, signed": ({"sort": Sort.SIGNED, "statuses": (S.SIGNED,), "open": False}, "ix_studies_open_signed_at"),
    "date": ({"sort": Sort.STUDY_DATE}, "ix_studies_study_date"),
    "date, open": ({"sort": Sort.STUDY_DATE, "open": True}, "study_date"),
}
KEYS = {
    "lane": 2,
    "deadline": NOON,
    "study_id": "8" * 32,
    "arrived_at": NOON + timedelta(days=1),
    "study_date": "2026-01-01",
    "signed_at": NOON,
}


def test_a_page_is_a_range_of_one_index(filled):
    for filters, index in RANGES.values():
        is_range(filled, filters, index)


def is_range(filled, filters, index):
    for stretch in stretches_of(Filters(**filters)):
        for key in (None, tuple(KEYS[column] for column in stretch.by)):
            plan = plan_of(filled, look_at(Filters(**filters), stretch, key).limit(101))
            assert index in plan, plan
            assert "B-TREE" not in plan, plan  # SQLite's word for sorting
            assert "Sort" not in plan, plan
            assert "SCAN studies\n" not in plan + "\n", plan
            if key and filters.get("open") and len(stretch.by) > 1 and "SEARCH" in plan:
                assert ">(?" in plan or "<(?" in plan, plan


def plan_of(database, look):
    compiled = look.compile(database.engine, compile_kwargs={"render_postcompile": True})
    with database.read() as connection:
        if not database.is_sqlite:  # as with a million rows, where neither would do
            connection.execute(text("SET enable_seqscan = off"))
            connection.execute(text("SET enable_bitmapscan = off"))
            connection.execute(text("SET enable_sort = off"))
        word = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        params = compiled.construct_params()
        dialect = database.engine.dialect
        kinds = {name: bind.type.dialect_impl(dialect) for bind, name in compiled.bind_names.items() if name in params}
        bound = {name: kind.bind_processor(dialect) for name, kind in kinds.items()}
        ready = {name: bound[name](v) if bound.get(name) else v for name, v in params.items()}  # a list's members as is
        arguments = tuple(ready[n] for n in compiled.positiontup) if compiled.positiontup else ready
        shown = connection.exec_driver_sql(f"{word} {compiled}", arguments)
        return "\n".join(str(row[-1]) for row in shown)
