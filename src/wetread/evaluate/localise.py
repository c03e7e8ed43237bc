"""T10: does a reader point at the finding? Its boxes against true ones, in fractions of the source frame.

Hit: the centre of the first box lies in a true one, the pointing game of Zhang J, Bargal SA, Lin Z, et al., Int J
Comput Vis 2018; 126: 1084-1102, asked of chest films by Saporta A, Gui X, Agrawal A, et al., Nat Mach Intell 2022;
4: 867-878. IoU: all its boxes of the finding against all true ones, and the share that reaches 0.1, the lowest rung of
Wang X, Peng Y, Lu L, et al., CVPR 2017; 2097-2106.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wetread.domain.finding import Presence
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.boxes import TrueBox
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label, labels_of
from wetread.evaluate.log import Answered, ToldBox
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.statistics import Interval, Resampled, wilson

AT_LEAST = 0.1
ALL = "all findings"
SEEN = {Presence.PRESENT, Presence.UNCERTAIN}
NOTHING = Interval(value=None, low=None, high=None, n=0)
Box = tuple[float, float, float, float]
Image = tuple[str | None, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalisationFigures:
    """One finding, or all of them (code None), over pairs of a case and a finding.

    `n` pairs have a true box and were read; in `n_located` the reader drew one too. `located` is the share of these;
    `hit`, `iou` (mean) and `iou_reached` are among them.
    `n_unclear`: boxes on several images where the truth does not say on which; left out.
    """

    code: str | None
    label: str
    n: int
    n_located: int
    n_unclear: int
    located: Interval
    hit: Interval
    iou: Interval
    iou_reached: Interval
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One finding of one case: None where the reader drew nothing."""

    case: int
    code: str
    hit: bool | None = None
    iou: float | None = None
    unclear: bool = False


def box_labels(cases: Iterable[Case], labels: Iterable[Label], vocabulary: Vocabulary) -> tuple[Label, ...]:
    """The findings that boxes are drawn of, by the word of the case file where it has one."""
    codes = sorted({box.code for case in cases for box in case.boxes})
    named = {label.code: label for label in labels}
    known = labels_of(codes, vocabulary).known
    return tuple(
        named[code] if code in named else replace(known[code], word=vocabulary.term(code).label)
        for code in codes
        if code in named or code in known
    )


def localisation(
    labels: Iterable[Label],
    cases: Sequence[Case],
    answers: Mapping[str, Answered],
    *,
    draws: Resampled,
    policy: EvaluationPolicy,
) -> tuple[LocalisationFigures, ...]:
    """Every finding that a case has a box of, then all of them; nothing where no case has one."""
    asked = {label.code: label for label in labels}
    pairs = [
        _judged(place, asked[code], case, answers[case.case_id])
        for place, case in enumerate(cases)
        if case.case_id in answers and answers[case.case_id].is_read
        for code in dict.fromkeys(box.code for box in case.boxes)
        if code in asked
    ]
    told = [
        _figures(
            (code, label.word),
            [pair for pair in pairs if pair.code == code],
            n_cases=len(cases),
            draws=draws,
            policy=policy,
        )
        for code, label in asked.items()
    ]
    return (*told, _figures((None, ALL), pairs, n_cases=len(cases), draws=draws, policy=policy)) if pairs else ()


def _judged(place: int, label: Label, case: Case, answer: Answered) -> _Pair:
    truth = [box for box in case.boxes if box.code == label.code]
    told = [
        box
        for code in label.codes
        if code in answer.findings and answer.findings[code].presence in SEEN
        for box in answer.findings[code].boxes
    ]
    named = any(box.sop_instance_uid for box in truth)
    framed = named or any(box.frame for box in truth)
    if (not named and len({box.sop_instance_uid for box in told}) > 1) or (
        not framed and len({box.frame for box in told}) > 1
    ):
        return _Pair(case=place, code=label.code, unclear=True)

    def image(box: TrueBox | ToldBox) -> Image:
        return (box.sop_instance_uid if named else None), (box.frame or 1) if framed else 1

    true_on, told_on = _by_image(truth, image), _by_image(told, image)
    first = next((box for box in told if image(box) in true_on), None)
    if first is None:
        return _Pair(case=place, code=label.code)
    x0, y0, x1, y1 = first.box
    hit = any(_inside(((x0 + x1) / 2, (y0 + y1) / 2), box) for box in true_on[image(first)])
    shared, union = np.sum([areas(boxes, told_on.get(on, [])) for on, boxes in true_on.items()], axis=0)
    return _Pair(case=place, code=label.code, hit=hit, iou=float(shared / union))


def _by_image(
    boxes: Iterable[TrueBox | ToldBox], image: Callable[[TrueBox | ToldBox], Image]
) -> dict[Image, list[Box]]:
    made: dict[Image, list[Box]] = {}
    for box in boxes:
        made.setdefault(image(box), []).append(box.box)
    return made


def _inside(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def areas(first: Sequence[Box], second: Sequence[Box]) -> tuple[float, float]:
    """Area that both sets of boxes cover, and area that either covers; exact, however they overlap."""
    xs, ys = (np.unique([box[k] for box in (*first, *second) for k in (axis, axis + 2)]) for axis in (0, 1))
    size = np.diff(ys)[:, np.newaxis] * np.diff(xs)[np.newaxis]
    one, other = (_covered(boxes, xs, ys) for boxes in (first, second))
    return float(size[one & other].sum()), float(size[one | other].sum())


def _covered(boxes: Sequence[Box], xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which cells of the grid that all edges make are covered."""
    made = np.zeros((len(ys) - 1, len(xs) - 1), dtype=np.bool_)
    for x0, y0, x1, y1 in boxes:
        left, right = np.searchsorted(xs, (x0, x1))
        top, bottom = np.searchsorted(ys, (y0, y1))
        made[top:bottom, left:right] = True
    return made


def _figures(
    named: tuple[str | None, str], pairs: Sequence[_Pair], *, n_cases: int, draws: Resampled, policy: EvaluationPolicy
) -> LocalisationFigures:
    known = [pair for pair in pairs if not pair.unclear]
    located = [pair for pair in known if pair.iou is not None]
    enough = len(located) >= policy.least.positives
    reached = sum(pair.iou is not None and pair.iou >= AT_LEAST for pair in located)
    return LocalisationFigures(
        code=named[0],
        label=named[1],
        n=len(known),
        n_located=len(located),
        n_unclear=len(pairs) - len(known),
        located=wilson(len(located), len(known)) if len(known) >= policy.least.positives else NOTHING,
        hit=wilson(sum(bool(pair.hit) for pair in located), len(located)) if enough else NOTHING,
        iou=_mean_iou(located, n_cases, draws) if enough else NOTHING,
        iou_reached=wilson(reached, len(located)) if enough else NOTHING,
        why=None if enough else "n/a (too few)",
    )


def _mean_iou(pairs: Sequence[_Pair], n_cases: int, draws: Resampled) -> Interval:
    """Over pairs; the interval is over resampled patients."""
    total, count = np.zeros(n_cases), np.zeros(n_cases)
    for pair in pairs:
        total[pair.case] += pair.iou or 0.0
        count[pair.case] += 1

    def mean(which: NDArray[np.int64]) -> float:
        n = count[which].sum()
        return float(total[which].sum() / n) if n else np.nan

    told = draws.interval(mean, n_cases)
    return Interval(value=told.value, low=told.low, high=told.high, n=len(pairs))
