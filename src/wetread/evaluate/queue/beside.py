"""The queue law beside what was simulated: the same figures twice, or why there is no closed form here."""

from wetread.evaluate.queue.disciplines import Discipline
from wetread.evaluate.queue.law import law
from wetread.evaluate.queue.outcome import Comparison, Group
from wetread.evaluate.queue.simulate import Staff
from wetread.evaluate.queue.told import Law, LawRow
from wetread.evaluate.queue.traffic import Mix, Span
from wetread.evaluate.statistics.intervals import Interval

UNEVEN = (
    "the law takes an even stream, reading times that nobody knows before, and a flag from the start: on a site's own "
    "days it is a guide, no check"
)


def law_beside(told: Comparison, mix: Mix, reading: Span, *, load: float, staff: Staff, is_even: bool = True) -> Law:
    """The law's values with those of first come and of AI's order; without rows where it does not hold.

    `is_even` is False where arrivals follow the hour: then the values are told with a note.
    """
    if len(set(staff.by_hour)) > 1:
        return Law(note="staff changes with the hour: no closed form is known")
    try:
        expected = law(mix, reading, load=load, radiologists=staff.by_hour[0])
    except ValueError as problem:
        return Law(note=str(problem))
    outcomes = told.outcomes
    first_come = outcomes[Discipline.FIRST_COME, Group.ALL].figures["mean_min"]
    ratios = {group: outcomes[Discipline.AI, group].against_first_come for group in Group}
    return Law(
        rows=(
            _row("first_come_min", "first come, mean wait in minutes", expected.first_come_min, first_come),
            _row("critical_ratio", "critical, against first come", expected.critical_ratio, ratios[Group.CRITICAL]),
            _row("missed_ratio", "missed critical, against first come", expected.missed_ratio, ratios[Group.MISSED]),
            _row("routine_ratio", "routine, against first come", expected.routine_ratio, ratios[Group.ROUTINE]),
        ),
        helps=expected.helps,
        note=None if is_even else UNEVEN,
    )


def _row(what: str, label: str, expected: float, own: Interval) -> LawRow:
    return LawRow(what=what, label=label, law=expected, simulated=own.value, low=own.low, high=own.high)
