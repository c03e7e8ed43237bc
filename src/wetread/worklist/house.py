"""Everything that ingest and workers work with, chosen by `wiring`."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from wetread.domain.clinical_data import UrgencyPolicy, WorklistPolicy
from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.domain.waiting import PatientClass
from wetread.intake.ehr import ClinicalContext
from wetread.pipeline import Desk
from wetread.ports import Clock, Destination
from wetread.settings import Settings
from wetread.store.blobs import Blobs
from wetread.store.database import Database
from wetread.worklist.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What decides how soon: the urgency policy and the waiting caps."""

    urgency: UrgencyPolicy
    waiting: WorklistPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """What ingest works with. `patient_class` is what a patient is taken for until an order or a rule says else."""

    settings: Settings
    database: Database
    blobs: Blobs
    clock: Clock
    policies: Policies
    patient_class: PatientClass = PatientClass.UNKNOWN

    def now(self) -> datetime:
        """The time now, with its zone."""
        return self.clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class House(Bureau):
    """What a worker works with. `desk_of` makes the desk of some readers (none: the site's own), each once."""

    rules: Callable[[], Rules]
    desk_of: Callable[[tuple[str, ...]], Desk]
    knowing: Callable[[Study, Order], AbstractContextManager[None]]
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    context: ClinicalContext | None = None
