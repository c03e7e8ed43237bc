"""How far AI is: what the list filters by and what a row says are one rule."""

from itertools import product

import pytest

from stored import NOON, name_of, put_studies
from wetread.domain.waiting import AiState, StudyStatus
from wetread.server.worklist_rows import ai_state
from wetread.store.listing import Filters, page

LEFT = ("status", "priority", "problem", "reported_at")
ROWS = list(product(StudyStatus, (None, "P1", "UNREAD"), (None, "", "nobody answered"), (None, NOON)))


@pytest.fixture
def filled(database):
    """A study in each state that a row can be in."""
    rows = [dict(zip(LEFT, row, strict=True)) | {"study_id": name_of(str(row))[:32]} for row in ROWS]
    put_studies(database, rows)
    return database


def shown(database, **filters):
    rows, after = [], None
    while True:
        found = page(database, filters=Filters(**filters), after=after)
        rows += found.rows
        after = found.next
        if after is None:
            return rows


def test_each_study_is_shown_for_the_state_that_its_row_tells_and_for_no_other(filled):
    everything = shown(filled)
    assert len(everything) == len(ROWS)
    for state in AiState:
        expected = {row["study_id"] for row in everything if ai_state(row) is state}
        assert expected
        assert {row["study_id"] for row in shown(filled, ai=(state,))} == expected, state


def test_states_asked_for_together_are_shown_together(filled):
    asked = (AiState.FAILED, AiState.UNREAD)
    assert {ai_state(row) for row in shown(filled, ai=asked)} == set(asked)
    assert len(shown(filled, ai=tuple(AiState))) == len(ROWS)
