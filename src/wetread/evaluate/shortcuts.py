"""Can the labels be told without looking at the organ? A plain classifier tries, on what ought to say nothing.

Where file facts or the picture's border alone tell the classes apart, the cases came from different sources, and any
figure on them flatters (DeGrave AJ, Janizek JD, Lee SI, Nat Mach Intell 2021; 3: 610-619).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.evaluate.cases import Case
from wetread.evaluate.statistics import Interval, auroc, resample
from wetread.evaluate.statistics.curves import Floats

BORDER_PX = 5
RIDGE = 1.0
FOLDS = 5
CHANCE = 0.5
SHUFFLES = 199
TELLS_BELOW = 0.01  # of a p value: a warning that honest cases hardly ever get
WHOLE = "the small picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a shortcut may look at: facts of the file, and the picture at 32 x 32 grey pixels, 0 to 255."""

    file_facts: tuple[float, ...]
    small: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """How well a class can be told from one kind of glance.

    `p` is how often labels that were shuffled among patients are told as well (one-sided, 199 times). `tells`: less
    often than in 1 of 100, and the whole interval lies above chance. The interval alone would accuse one honest set of
    cases in ten: it holds who was drawn, not what the classifier happened to learn.
    """

    looks_at: str
    n: int
    n_pos: int
    auroc: Interval
    tells: bool
    p: float


def shortcuts(cases: Sequence[Case], glances: Mapping[str, Glance], *, draws: int, seed: int) -> tuple[Shortcut, ...]:
    """Any finding told from file facts, from the border, and for comparison from the whole picture made small.

    Each case is told by a classifier that saw no case of the same patient: folds by patient, ridge on standard values.
    """
    known = [case for case in cases if case.case_id in glances]
    truth = np.array([case.abnormal for case in known], dtype=np.float64)
    patients = [case.patient_id for case in known]
    if len(known) < 2 * FOLDS or not 0 < truth.sum() < len(truth):
        return ()
    folds = _folds(patients, seed)
    drawn = resample(patients, draws=draws, seed=seed)
    truths = np.stack([truth, *_shuffled(truth, patients, seed)], axis=1)
    made = []
    for name, values in _looks([glances[case.case_id] for case in known]).items():
        scores = _told(values, truths, folds)
        own = scores[:, 0]
        area = drawn.interval(lambda which, s=own: auroc(truth[which], s[which]), len(known))  # type: ignore[misc]
        areas = [auroc(truths[:, place], scores[:, place]) for place in range(truths.shape[1])]
        p = float(np.mean(np.array(areas) >= areas[0]))  # the real labels are one of the ways to lay them
        tells = area.low is not None and area.low > CHANCE and p < TELLS_BELOW
        made.append(Shortcut(looks_at=name, n=len(known), n_pos=int(truth.sum()), auroc=area, tells=tells, p=p))
    return tuple(made)


def _looks(glances: Sequence[Glance]) -> dict[str, Floats]:
    small = np.stack([glance.small for glance in glances])
    ring = np.ones(small.shape[1:], dtype=bool)
    ring[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    return {
        "file facts": np.array([glance.file_facts for glance in glances], dtype=np.float64),
        "the border": small[:, ring],
        WHOLE: small.reshape(len(small), -1),
    }


def _folds(patients: Sequence[str], seed: int) -> NDArray[np.int64]:
    """The fold of each case; a patient is in one fold only."""
    names, of = np.unique(np.asarray(patients, dtype=object).astype(str), return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(names)) % FOLDS
    return np.asarray(fold[of], dtype=np.int64)


def _shuffled(truth: Floats, patients: Sequence[str], seed: int) -> Iterator[Floats]:
    """The labels laid anew: each patient gets those of another one with as many cases, so that they stay together."""
    dice = np.random.default_rng([seed, 1])
    places: dict[str, list[int]] = {}
    for place, patient in enumerate(patients):
        places.setdefault(patient, []).append(place)
    alike: dict[int, list[list[int]]] = {}
    for own in places.values():
        alike.setdefault(len(own), []).append(own)
    groups = [np.array(rows) for rows in alike.values()]  # (patients, cases of each)
    for _ in range(SHUFFLES):
        laid = truth.copy()
        for rows in groups:
            laid[rows] = truth[rows[dice.permutation(len(rows))]]
        yield laid


def _told(values: Floats, truths: Floats, folds: NDArray[np.int64]) -> Floats:
    """Scores for each way to lay the labels, (cases, ways); comparable within a fold, so that folds can be pooled."""
    scores = np.empty_like(truths)
    for fold in range(FOLDS):
        here, rest = folds == fold, folds != fold
        middle, spread = values[rest].mean(axis=0), values[rest].std(axis=0) + 1e-9
        x, y = (values[rest] - middle) / spread, truths[rest] - truths[rest].mean(axis=0)
        weights = x.T @ np.linalg.solve(x @ x.T + RIDGE * x.shape[1] * np.eye(len(x)), y)
        told = ((values[here] - middle) / spread) @ weights
        scores[here] = (told - told.mean(axis=0)) / (told.std(axis=0) + 1e-12)
    return scores
