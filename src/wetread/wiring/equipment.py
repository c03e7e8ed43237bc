"""What all readers of a process share: catalog, vocabulary, spend, caches, the gate to the outside."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.domain.vocabulary import Vocabulary
from wetread.privacy import EgressGate, identifiers_of
from wetread.readers.catalog import Catalog, load_catalog
from wetread.readers.site_calibration import Calibration, load_calibration
from wetread.readers.wrappers import BillWatch, DiskCache, RunCache, SpendLedger
from wetread.settings import Settings

if TYPE_CHECKING:
    from wetread.readers.vision.journal import Journal

SPENT, ANSWERS, PROBES = "spend.sqlite", "answers.sqlite", "probes.json"


@dataclass(frozen=True)
class Equipment:
    """What all readers of a process share: catalog, vocabulary, spend, caches, the gate; a journal in a service.

    `spent` is the file of the spend, in the data folder: readers of another file have budgets of their own.
    """

    settings: Settings
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    journal: "Journal | None" = None
    spent: str = SPENT

    @cached_property
    def catalog(self) -> Catalog:
        """The models that are known."""
        return load_catalog(self.settings.catalog_file)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The finding vocabulary."""
        return load_vocabulary(self.settings.vocabulary_file)

    @cached_property
    def calibration(self) -> Calibration | None:
        """What readers' stated numbers mean on this site; None where nobody measured it."""
        path = self.settings.calibration_file
        return load_calibration(path) if path else None

    @cached_property
    def policy_sha256(self) -> str:
        """What answers in the cache rest on besides the reader."""
        policy = load_policy(self.settings.policy_file).sha256
        return hashlib.sha256(f"{policy} {self.vocabulary.sha256}".encode()).hexdigest()

    @cached_property
    def gate(self) -> EgressGate:
        """What every request passes on its way out."""
        return EgressGate(self.settings.egress)

    @contextmanager
    def knowing(self, study: Study, order: Order) -> Iterator[None]:
        """While a study is read the gate knows who it is of, so that it can take that out of whatever leaves."""
        with self.gate.during(study.ref, identifiers_of(study, order, *study.identifying)):
            yield

    @cached_property
    def ledger(self) -> SpendLedger:
        """What was spent, by reader and day."""
        return SpendLedger(_made(self.settings.data_dir) / self.spent)

    @cached_property
    def run_cache(self) -> RunCache:
        """Answers of this run."""
        return RunCache()

    @cached_property
    def disk_cache(self) -> DiskCache:
        """Answers of earlier runs."""
        return DiskCache(_made(self.settings.data_dir) / ANSWERS)

    @cached_property
    def watch(self) -> BillWatch:
        """Billed against predicted, by reader."""
        return BillWatch()

    @property
    def probes_file(self) -> Path:
        """Where the results of capability probes are kept."""
        return self.settings.data_dir / PROBES


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def without_caches(settings: Settings) -> Settings:
    """The same settings with no reader's answer ever taken from a cache."""
    uncached = {name: own.model_copy(update={"cache": "off"}) for name, own in settings.readers.items()}
    return settings.model_copy(update={"readers": uncached})
