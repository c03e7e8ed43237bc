"""The desk at which studies are read: readers, preparation behind the guard, clinical data, provenance."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import islice

from wetread import __version__
from wetread.domain.clinical_data import UrgencyPolicy, load_policy, load_vocabulary
from wetread.domain.order import Order
from wetread.domain.report import Provenance, Report
from wetread.domain.study import Study
from wetread.domain.view import ViewPlan
from wetread.domain.vocabulary import Vocabulary
from wetread.guard import Isolation
from wetread.panel import sort_key
from wetread.pipeline import Desk, read_study
from wetread.settings import Settings
from wetread.wiring.equipment import Equipment
from wetread.wiring.places import Places
from wetread.wiring.preparing import imaging_guard, prepare_guarded
from wetread.wiring.readers import choose_readers
from wetread.wiring.sources import Orders

LIBRARIES = ("imagecodecs", "numba", "numpy", "onnxruntime", "opencv-python-headless", "pydicom")
WITH_PICTURES = {"html", "pdf", "dicom-pdf", "dicom-sc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRoom:
    """A desk with what stands around it: who may learn a study's identifiers, and how many studies lie open at once."""

    desk: Desk
    knowing: Callable[[Study, Order], AbstractContextManager[None]]
    at_once: int


def make_desk(
    settings: Settings,
    *,
    readers: Iterable[str],
    output: str,
    isolation: Isolation,
    equipment: Equipment,
    places: Places | None = None,
) -> Desk:
    """A desk over any isolation. `places`: who stands in whose place, in a service."""
    chosen = choose_readers(settings, readers, equipment, places=places)
    vocabulary, policy = load_vocabulary(settings.vocabulary_file), load_policy(settings.policy_file)
    pictures = ViewPlan(max_edge_px=settings.picture_edge_px, max_images=6) if output in WITH_PICTURES else None
    return Desk(
        readers=chosen.readers,
        prepare=partial(prepare_guarded, isolation=isolation),
        vocabulary=vocabulary,
        policy=policy,
        provenance=replace(provenance(vocabulary, policy), lineup=chosen.lineup),
        votes=chosen.votes,
        weights=chosen.weights,
        read_timeout_s=settings.read_timeout_s,
        picture_plan=pictures,
    )


@contextmanager
def open_desk(settings: Settings, *, readers: Iterable[str], output: str) -> Iterator[ReadingRoom]:
    """A desk whose pictures are made in a child process, which ends with it.

    Raises: UnknownPlugin, CardInvalid, ClinicalDataInvalid, ConfigurationError (a configured reader can't work).
    """
    equipment = Equipment(settings)
    with imaging_guard(settings) as isolation:
        desk = make_desk(settings, readers=readers, output=output, isolation=isolation, equipment=equipment)
        yield ReadingRoom(desk=desk, knowing=equipment.knowing, at_once=settings.studies_at_once)


def provenance(vocabulary: Vocabulary, policy: UrgencyPolicy) -> Provenance:
    """What every report of this process rests on."""
    return Provenance(
        software=f"wetread {__version__}",
        vocabulary_version=vocabulary.version,
        vocabulary_sha256=vocabulary.sha256,
        vocabulary_signed_off_by=vocabulary.signed_off_by,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        libraries=tuple((name, version(name)) for name in LIBRARIES),
    )


def read_one(room: ReadingRoom, study: Study, orders: Orders) -> Report:
    """One study's report."""
    return next(iter(read_all(room, [study], orders)))


def read_all(room: ReadingRoom, studies: Sequence[Study], orders: Orders) -> Iterator[Report]:
    """Every study's report, as each is done; a bounded number of studies is open at the same time."""

    async def one(study: Study) -> Report:
        order = orders.of(study)
        with room.knowing(study, order):
            return await read_study(study, order, room.desk)

    waiting = iter(studies)
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        open_now = {loop.create_task(one(study)) for study in islice(waiting, room.at_once)}
        while open_now:
            done, open_now = runner.run(_first_done(open_now))
            open_now |= {loop.create_task(one(study)) for study in islice(waiting, len(done))}
            yield from (task.result() for task in done)


async def _first_done(tasks: set[asyncio.Task[Report]]) -> tuple[set[asyncio.Task[Report]], set[asyncio.Task[Report]]]:
    return await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def in_worklist_order(reports: Iterable[Report]) -> list[Report]:
    """Most urgent first; equals by the study's reference, so that the order never depends on the file system."""
    return sorted(reports, key=lambda report: (sort_key(report.urgency), report.study.ref))
