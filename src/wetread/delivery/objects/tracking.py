"""One finding followed through all objects and all later reports of its study."""

from collections import Counter
from dataclasses import dataclass

from wetread.delivery.made import uid_of
from wetread.delivery.originals import told_findings
from wetread.domain.consensus import JoinedFinding
from wetread.domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A finding that is or may be there, with its Tracking Identifier (112039) and Tracking UID (112040)."""

    joined: JoinedFinding
    identifier: str
    uid: str


def tracked(report: Report) -> tuple[Tracked, ...]:
    """The findings that the report says are or may be there, in its order.

    The names follow from study, code and side: they are the same in a re-send, in every kind of object and in the
    reports that take this one's place. A second finding of the same code and side is numbered.
    """
    found: list[Tracked] = []
    counted: Counter[str] = Counter()
    for one in told_findings(report):
        side = one.finding.laterality
        name = f"{one.finding.code} {side.value}" if side else one.finding.code
        counted[name] += 1
        if counted[name] > 1:
            name = f"{name} #{counted[name]}"
        uid = uid_of("tracking", report.study.study_uid or report.study.ref, name)
        found.append(Tracked(joined=one, identifier=name, uid=uid))
    return tuple(found)
