"""Which case is given another case's picture or text: a fixed ring, so that a run that was cut off goes on alike."""

import hashlib
from collections import Counter
from collections.abc import Sequence

from wetread.evaluate.cases import Case


def partners(cases: Sequence[Case]) -> dict[str, Case]:
    """For each case another patient's case of the same kind of examination and view; each is given away once.

    The ring is turned by the size of the largest patient, so that nobody meets their own films; a patient who holds
    more than half of a kind leaves some cases without a partner.
    """
    kinds: dict[tuple[str | None, str | None], list[Case]] = {}
    for case in cases:
        kinds.setdefault((case.modality, case.view), []).append(case)
    made: dict[str, Case] = {}
    for members in kinds.values():
        ring = sorted(members, key=lambda case: (_mark(case.patient_id), _mark(case.case_id)))
        turn = max(Counter(case.patient_id for case in ring).values())
        for place, case in enumerate(ring):
            other = ring[(place + turn) % len(ring)]
            if other.patient_id != case.patient_id:
                made[case.case_id] = other
    return made


def choice(name: str, among: int) -> int:
    """A number below `among` that follows from a name alone."""
    return int(_mark(name), 16) % among


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
