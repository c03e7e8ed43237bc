"""Readers in the shadow, wired: desks and budgets of their own, a thread beside the worker, the comparison."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.read import Read, ReaderIdentity
from wetread.evaluate.shadow import Beside, Said, ShadowFigures, said, shadow_figures
from wetread.guard import Isolation
from wetread.panel import Cascade
from wetread.ports import identity_of
from wetread.settings import Settings
from wetread.store.shadow import Pair, pairs_of, shadow_readers
from wetread.wiring.desk import make_desk
from wetread.wiring.equipment import Equipment
from wetread.wiring.evaluating import joined
from wetread.wiring.places import fingerprint_of
from wetread.wiring.service import Service
from wetread.worklist.house import House
from wetread.worklist.shadowing import Shadow, Shadowing
from wetread.worklist.worker import Worker

SPENT = "spend-shadow.sqlite"
STOP_WITHIN_S = 5.0


def shadow_equipment(settings: Settings) -> Equipment:
    """What readers in the shadow share: their dollars never count towards a budget of the live ones."""
    limit = settings.service.gate.shadow_usd_per_day
    own = settings.model_copy(update={"budget_usd_per_day": limit, "budget_usd_per_run": None})
    return Equipment(own, spent=SPENT)


def shadows_of(settings: Settings, isolation: Isolation, equipment: Equipment) -> tuple[Shadow, ...]:
    """Everyone that the site asks in the shadow.

    Raises: UnknownPlugin, CardInvalid, ConfigurationError.
    """
    return tuple(_shadow(equipment, name, isolation) for name in dict.fromkeys(settings.service.shadow))


def _shadow(equipment: Equipment, name: str, isolation: Isolation) -> Shadow:
    desk = make_desk(equipment.settings, readers=(name,), output="json", isolation=isolation, equipment=equipment)
    first = desk.readers[0]
    if len(desk.readers) == 1 and not isinstance(first, Cascade):
        who = identity_of(first)
    else:
        who = ReaderIdentity(name=name, version="panel", fingerprint=fingerprint_of(desk.readers))
    return Shadow(who=who, desk=desk, join=partial(joined, name=name))


@contextmanager
def shadowing(service: Service, house: House, isolation: Isolation, worker: Worker) -> Iterator[None]:
    """While this runs the first worker asks the readers in the shadow, if the site has any.

    Raises: UnknownPlugin, CardInvalid, ConfigurationError.
    """
    if not service.settings.service.shadow:
        yield
        return
    equipment = shadow_equipment(service.settings)
    work = Shadowing(
        house=house,
        shadows=shadows_of(service.settings, isolation, equipment),
        knowing=equipment.knowing,
        may=lambda: worker.is_first and not worker.stopping.is_set(),
        stopping=threading.Event(),
    )
    thread = threading.Thread(target=work.run, daemon=True, name="shadow")
    thread.start()
    try:
        yield
    finally:
        work.stopping.set()
        thread.join(STOP_WITHIN_S)


def compared(
    connection: Connection, settings: Settings, *, days: int, now: datetime
) -> list[tuple[str, str, ShadowFigures]]:
    """Everyone that was asked in the shadow in the last days, with fingerprint and comparison.

    Raises: RecordInvalid, ClinicalDataInvalid.
    """
    since = now - timedelta(days=days)
    vocabulary, policy = load_vocabulary(settings.vocabulary_file), load_policy(settings.policy_file)
    return [
        (
            name,
            fingerprint,
            shadow_figures(
                [_beside(pair) for pair in pairs_of(connection, name, fingerprint, since=since)],
                vocabulary=vocabulary,
                policy=policy,
            ),
        )
        for name, fingerprint in shadow_readers(connection, since=since)
    ]


def _beside(pair: Pair) -> Beside:
    costs = [one.cost_usd for one in pair.report.answers if isinstance(one, Read)]
    known = [cost for cost in costs if cost is not None]
    consensus, shadow = pair.report.consensus, pair.shadow
    live = Said(presences=None)
    if consensus is not None:
        cost_usd = sum(known) if len(known) == len(costs) else None
        live = said((one.finding for one in consensus.findings), cost_usd=cost_usd, latency_s=pair.live_latency_s)
    other = Said(presences=None)
    if isinstance(shadow, Read) and shadow.answered:
        took = shadow.trace.latency_s if shadow.trace else None
        other = said(shadow.findings, cost_usd=shadow.cost_usd, latency_s=took)
    return Beside(study_id=pair.study_id, live=live, shadow=other)
