"""Why a study stands where it stands, in plain sentences, strongest first. Times are UTC: the words are stored."""

from collections.abc import Iterator
from datetime import UTC, datetime

from wetread.domain.urgency import Priority, Reason
from wetread.domain.waiting import Lane
from wetread.worklist.order_case import Case, Voice, overrules

HOUR_MIN, DAY_MIN = 60, 24 * 60


def sentences(case: Case, machine: Voice | None, lane: Lane, due: datetime) -> tuple[str, ...]:
    """The grounds of a place; `machine` is what counted but for the human."""
    parts = (
        _lifted(case, lane),
        _human(case, machine),
        _failed(case),
        _grounds(case),
        _order(case),
        _floor(case),
        _spent(case, machine),
        _due(case, due),
    )
    return tuple(dict.fromkeys(sentence for part in parts for sentence in part))


def _lifted(case: Case, lane: Lane) -> Iterator[str]:
    if lane is Lane.LIFTED:
        yield f"lifted: waits since {_moment(case.arrived_at)}, cap {span(case.cap_min)}"


def _human(case: Case, machine: Voice | None) -> Iterator[str]:
    human = case.override
    if human is not None and overrules(case, machine):
        was = "" if machine is None else f"; without it {machine.priority.value}"
        yield f"set to {human.priority.value} by {human.by} at {_moment(human.at)}: {human.reason}{was}"


def _spent(case: Case, machine: Voice | None) -> Iterator[str]:
    """An override that counts no more still shows."""
    human = case.override
    if human is not None and not overrules(case, machine):
        told = f"{human.by} had set {human.priority.value} at {_moment(human.at)}: {human.reason}"
        yield f"{told}; it counts no more, since images or a read came later"


def _failed(case: Case) -> Iterator[str]:
    if case.failed is not None:
        yield f"AI did not read this, so a human must: {case.failed or 'no reason is known'}"
    elif case.priority is None:
        yield "not read by AI yet"


def _grounds(case: Case) -> Iterator[str]:
    for reason in sorted(case.reasons, key=lambda reason: reason.priority.rank):
        yield f"{_label(case, reason)}: {reason.text} (rule {reason.rule_id})"
    if case.priority is not None and not case.reasons:
        yield f"{case.policy.label[case.priority]}: read as {case.priority.value}"


def _label(case: Case, reason: Reason) -> str:
    label = case.policy.label[reason.priority]
    return "unread" if reason.priority is Priority.UNREAD else label


def _order(case: Case) -> Iterator[str]:
    if case.ordered is None or case.order_priority is None or any(r.source == "order" for r in case.reasons):
        return
    if case.unheard or case.priority is None or case.ordered.rank <= case.priority.rank:
        yield f"the order is {case.order_priority.value}: at least {case.ordered.value}"


def _floor(case: Case) -> Iterator[str]:
    above = case.priority is None or (case.floor is not None and case.floor.rank < case.priority.rank)
    if case.floor is not None and above:
        yield f"not below {case.floor.value}: a routing rule or an earlier read of this study asks for it"


def _due(case: Case, due: datetime) -> Iterator[str]:
    left = int((due - case.arrived_at).total_seconds() // 60)
    tail = f", the cap on waiting ({case.patient_class.value})" if left == case.cap_min else ""
    yield f"due {_moment(due)}, {span(left)} after arrival{tail}"


def span(minutes: int) -> str:
    """Minutes as people say them: 90 min, 2 h, 3 days."""
    if minutes >= 2 * DAY_MIN and minutes % DAY_MIN == 0:
        return f"{minutes // DAY_MIN} days"
    if minutes > HOUR_MIN and minutes % HOUR_MIN == 0:
        return f"{minutes // HOUR_MIN} h"
    return f"{minutes} min"


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
