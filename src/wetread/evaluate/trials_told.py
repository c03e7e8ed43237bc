"""T6 and T10 for people: the same reader on changed cases, and whether it points at what it tells. Text and card."""

from collections.abc import Iterator, Sequence

from wetread.evaluate.localise import AT_LEAST, LocalisationFigures
from wetread.evaluate.page import html_table
from wetread.evaluate.stress import NOT_ASKED, StressFigures
from wetread.evaluate.words import NONE, figure, number, table

STRESSED = (
    "changed on purpose (T6)",
    "asked",
    "read",
    "refused",
    "answer changed [95 %]",
    "no longer abnormal",
    "false findings a picture (before)",
    "AUROC, change",
    "held",
)
LOCATED = (
    "where it points (T10)",
    "n",
    "boxes drawn",
    "share with a box [95 %]",
    "centre hits",
    "mean IoU",
    f"IoU from {AT_LEAST:g}",
)
MIRRORED = "mirrored"
HELD = {True: "yes", False: "NO", None: "n/a"}


def stress_text(rows: Sequence[StressFigures]) -> str:
    """The table, what moved with a mirrored picture, and why a change was not held."""
    return "\n".join([table(STRESSED, [_stressed(row) for row in rows]), *(f"- {line}" for line in _notes(rows))])


def stress_card(rows: Sequence[StressFigures]) -> Iterator[str]:
    """As HTML: the table, what each change is, and why one was not held."""
    yield html_table("The same reader on cases changed on purpose", STRESSED, [_stressed(row) for row in rows])
    yield html_table("", ("change", "what is done", "to note"), [_explained(row) for row in rows])


def localisation_text(rows: Sequence[LocalisationFigures]) -> str:
    """The table; what was left out stands below it."""
    unclear = rows[-1].n_unclear
    left = f"\n- {unclear} left out: boxes on several images, and the truth does not say on which" if unclear else ""
    return table(LOCATED, [_located(row) for row in rows]) + left


def localisation_card(rows: Sequence[LocalisationFigures]) -> Iterator[str]:
    """As HTML."""
    yield html_table("Where it points, against true boxes", LOCATED, [_located(row) for row in rows])


def _stressed(row: StressFigures) -> tuple[str, ...]:
    if row.why == (NOT_ASKED,):
        return row.disturbance, "0", *[NONE] * (len(STRESSED) - 3), NOT_ASKED
    false = f"{figure(row.false_findings)} ({number(row.false_findings_before.value)})"
    shares = figure(row.flips), figure(row.lost), false, figure(row.auroc_change)
    return row.disturbance, str(row.n), str(row.n_read), str(row.n_abstained), *shares, HELD[row.passed]


def _notes(rows: Sequence[StressFigures]) -> Iterator[str]:
    return (f"{row.disturbance}: {_note(row)}" for row in rows if _note(row) not in {"", NOT_ASKED})


def _note(row: StressFigures) -> str:
    moved = f"sides told the other way round {figure(row.sides_moved)} of {row.sides_moved.n}"
    return "; ".join([*row.why, *([moved] if row.disturbance == MIRRORED and row.sides_moved.n else [])])


def _explained(row: StressFigures) -> tuple[str, str, str]:
    return row.disturbance, row.what, _note(row) or NONE


def _located(row: LocalisationFigures) -> tuple[str, ...]:
    told = (row.located, row.hit, row.iou, row.iou_reached)
    shown = [row.why or NONE if one.value is None else figure(one) for one in told]
    return row.label, str(row.n), str(row.n_located), *shown
