"""How far AI is with a study, as a condition on its row: the same as `server.worklist_rows.ai_state` says of it."""

from sqlalchemy import ColumnElement, and_, false, func, not_, or_

from wetread.domain.urgency import Priority
from wetread.domain.waiting import ON_ITS_WAY, AiState, StudyStatus
from wetread.store.tables import studies

BEYOND = [status.value for status in StudyStatus if status not in ON_ITS_WAY]


def ai_is(state: AiState, status: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether AI is so far; `status` is the study's, written as the query wants it."""
    by_status = [one.value for one, says in ON_ITS_WAY.items() if says is state]
    return or_(status.in_(by_status), and_(status.in_(BEYOND), _left_behind(state)))


def _left_behind(state: AiState) -> ColumnElement[bool]:
    """What the state leaves in a row whose status says nothing of AI."""
    says_unread = func.coalesce(studies.c.priority, "") == Priority.UNREAD.value
    unread = or_(says_unread, func.coalesce(studies.c.problem, "") != "")
    reported = studies.c.reported_at.is_not(None)
    if state is AiState.UNREAD:
        return unread
    if state is AiState.READ:
        return and_(not_(unread), reported)
    return and_(not_(unread), not_(reported)) if state is AiState.NOT_ASKED else false()
