"""The desk at which studies are read: readers, preparation behind the guard, clinical data, provenance."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version

from wetread import __version__
from wetread.domain.clinical_data import UrgencyPolicy, load_policy, load_vocabulary
from wetread.domain.report import Provenance, Report
from wetread.domain.study import Study
from wetread.domain.view import ViewPlan
from wetread.domain.vocabulary import Vocabulary
from wetread.guard import Isolation
from wetread.panel import sort_key
from wetread.pipeline import Desk, read_study
from wetread.settings import Settings
from wetread.wiring.preparing import imaging_guard, prepare_guarded
from wetread.wiring.readers import choose_readers
from wetread.wiring.sources import Orders

LIBRARIES = ("imagecodecs", "numba", "numpy", "onnxruntime", "opencv-python-headless", "pydicom")
WITH_PICTURES = {"html", "pdf"}


def make_desk(settings: Settings, *, readers: Iterable[str], output: str, isolation: Isolation) -> Desk:
    """A desk over any isolation."""
    vocabulary, policy = load_vocabulary(settings.vocabulary_file), load_policy(settings.policy_file)
    pictures = ViewPlan(max_edge_px=settings.picture_edge_px, max_images=6) if output in WITH_PICTURES else None
    return Desk(
        readers=choose_readers(settings, readers),
        prepare=partial(prepare_guarded, isolation=isolation),
        vocabulary=vocabulary,
        policy=policy,
        provenance=provenance(vocabulary, policy),
        votes=settings.votes,
        read_timeout_s=settings.read_timeout_s,
        picture_plan=pictures,
    )


@contextmanager
def open_desk(settings: Settings, *, readers: Iterable[str], output: str) -> Iterator[Desk]:
    """A desk whose pictures are made in a child process, which ends with it.

    Raises: UnknownPlugin, CardInvalid, ClinicalDataInvalid.
    """
    with imaging_guard(settings) as isolation:
        yield make_desk(settings, readers=readers, output=output, isolation=isolation)


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


def read_one(desk: Desk, study: Study, orders: Orders) -> Report:
    """One study's report."""
    return asyncio.run(read_study(study, orders.of(study), desk))


def in_worklist_order(reports: Iterable[Report]) -> list[Report]:
    """Most urgent first; equals by the study's reference, so that the order never depends on the file system."""
    return sorted(reports, key=lambda report: (sort_key(report.urgency), report.study.ref))
