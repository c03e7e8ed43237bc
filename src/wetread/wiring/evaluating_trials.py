"""How a case is put to a reader: as it is or changed on purpose, with its own clinical text or another's."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.domain.view import Preparation, ViewPlan
from wetread.evaluate.answering import AGAIN
from wetread.evaluate.cases import Case, Cases
from wetread.evaluate.partners import choice, partners
from wetread.evaluate.stress_policy import TRIALS, stress_policy
from wetread.imaging.disturbed import disturb, written_on
from wetread.pipeline import Desk
from wetread.wiring.sources import Orders, open_context

STRESS = TRIALS
IMAGE_SWAP, TEXT_SWAP, IN_PICTURE, IN_TEXT = "image_swap", "text_swap", "injected_picture", "injected_text"
Find = Callable[[Sequence[Case]], Iterator[tuple[Case, Study]]]
Knowing = Callable[[Study, Order], AbstractContextManager[None]]
Change = Callable[[Study, Preparation], Preparation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What stands beside a case file: where findings lie (CSV), and the orders of its studies (JSON)."""

    boxes: Path | None = None
    context: Path | None = None

    @property
    def orders(self) -> Orders | None:
        """The orders, if there are any."""
        return open_context(self.context) if self.context is not None else None

    @property
    def context_sha256(self) -> str | None:
        """Which orders they are: part of the manifest, for answers with and without them don't mix."""
        return hashlib.sha256(self.context.read_bytes()).hexdigest() if self.context is not None else None


ALONE = Beside()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One case as a reader is asked about it. `beside` are those whose words may stand in a text that was swapped."""

    case: Case
    study: Study
    order: Order
    beside: tuple[tuple[Study, Order], ...] = ()
    swapped_with: str | None = None

    def known(self, knowing: Knowing) -> ExitStack:
        """While it is asked the gate knows everybody who may be named in it."""
        stack = ExitStack()
        stack.enter_context(knowing(self.study, self.order))
        for study, order in self.beside:
            stack.enter_context(knowing(replace(study, ref=self.study.ref), order))
        return stack


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedDesk:
    """A desk that remembers how long each study's pictures took to prepare."""

    desk: Desk
    change: Change | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def prepare(self, study: Study, plan: ViewPlan) -> Preparation:
        """As the desk does."""
        start = time.perf_counter()
        try:
            prepared = self.desk.prepare(study, plan)
            return self.change(study, prepared) if self.change else prepared
        finally:
            spent = time.perf_counter() - start
            self.seconds[study.ref] = self.seconds.get(study.ref, 0.0) + spent


def change_of(kind: str | None) -> Change | None:
    """What is done to the pictures; None where they stay as they are."""
    if kind in {None, AGAIN, IMAGE_SWAP, TEXT_SWAP, IN_TEXT}:
        return None
    if kind == IN_PICTURE:
        size = stress_policy().injection.size
        return lambda study, prepared: written_on(prepared, _payload(study.ref), size=size)
    wanted = kind or ""
    return lambda _, prepared: disturb(prepared, wanted)


def questions(
    kind: str | None, waiting: Sequence[Case], every: Sequence[Case], *, find: Find, orders: Orders | None
) -> Iterator[Question]:
    """The waiting cases, each as it is to be asked; a swap leaves out a case for which there is no partner.

    every: the cases among which pictures and texts are swapped.
    """
    if kind == IMAGE_SWAP:
        yield from _other_pictures(waiting, every, find, orders)
    elif kind == TEXT_SWAP:
        yield from _other_texts(waiting, every, find, orders)
    else:
        for case, study in find(waiting):
            order = order_of(case, study, orders)
            asked = _told(order, _payload(study.ref)) if kind == IN_TEXT else order
            yield Question(case=case, study=study, order=asked)


def remembered(cases: Cases, known: Mapping[str, Case]) -> Cases:
    """The cases with the boxes that an earlier run was told of, where this one is told of none."""
    before = {name: case.boxes for name, case in known.items()}
    return replace(
        cases, cases=tuple(replace(case, boxes=case.boxes or before.get(case.case_id, ())) for case in cases.cases)
    )


def order_of(case: Case, study: Study, orders: Orders | None) -> Order:
    """A case's order without its priority, which would raise the urgency whatever the reader says."""
    known = orders.of(study) if orders is not None else Order()
    age = known.age_years if case.age_years is None else case.age_years
    return replace(known, priority=None, age_years=age, sex=case.sex or known.sex)


def _other_pictures(
    waiting: Sequence[Case], every: Sequence[Case], find: Find, orders: Orders | None
) -> Iterator[Question]:
    ring = partners(every)
    by_picture = {ring[case.case_id].case_id: case for case in waiting if case.case_id in ring}
    own = _found(find, list(by_picture.values())) if orders is not None else {}
    for other, study in find([ring[case.case_id] for case in by_picture.values()]):
        case = by_picture[other.case_id]
        if orders is None:
            yield Question(case=case, study=study, order=order_of(case, study, None), swapped_with=other.case_id)
        elif case.case_id in own:
            mine = own[case.case_id]
            order = order_of(case, mine, orders)
            yield Question(case=case, study=study, order=order, beside=((mine, order),), swapped_with=other.case_id)


def _other_texts(
    waiting: Sequence[Case], every: Sequence[Case], find: Find, orders: Orders | None
) -> Iterator[Question]:
    if orders is None:
        return
    studies = _found(find, every)
    told = {case.case_id: order_of(case, studies[case.case_id], orders) for case in every if case.case_id in studies}
    ring = partners([case for case in every if case.case_id in told and _words(told[case.case_id]) != _words(Order())])
    for case, study in find([case for case in waiting if case.case_id in ring]):
        mine, other = told[case.case_id], ring[case.case_id].case_id
        if _words(told[other]) == _words(mine):
            continue
        swapped = replace(told[other], age_years=mine.age_years, sex=mine.sex, accession_number=mine.accession_number)
        beside = ((studies[other], told[other]),)
        yield Question(case=case, study=study, order=swapped, beside=beside, swapped_with=other)


def _found(find: Find, cases: Sequence[Case]) -> Mapping[str, Study]:
    return {case.case_id: study for case, study in find(cases)}


def _words(order: Order) -> Order:
    """The clinical text alone."""
    return replace(order, priority=None, accession_number=None, age_years=None, sex=None)


def _payload(name: str) -> str:
    texts = stress_policy().injection.texts
    return texts[choice(name, len(texts))]


def _told(order: Order, payload: str) -> Order:
    return replace(order, clinical_question=f"{order.clinical_question or ''} {payload}".strip())
