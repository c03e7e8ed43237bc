"""Configured vision readers: each in its wrappers, behind the egress gate; and what can be said of one unasked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec

from wetread.errors import ConfigurationError, MissingExtra
from wetread.ports import Reader
from wetread.privacy import decide
from wetread.readers.vision.place import check_address, endpoint_of, key_of
from wetread.readers.wrappers import Cached, Consistent, Guarded, Timed
from wetread.settings import Settings
from wetread.wiring.equipment import Equipment
from wetread.wiring.reader_facts import capability, entry_of

WHOLE_READ = 8  # calls that a read with passes, repairs and retries may make one after another
NEEDS_EXTRA = "vision models need further packages: pip install 'wetread[vision]'"


def vision_reader(name: str, equipment: Equipment) -> Reader:
    """The reader in its wrappers: gate outermost, then time, cache, self-consistency, the endpoint.

    Raises: ConfigurationError (key, address), MissingExtra.
    """
    settings = equipment.settings.readers[name]
    check_address(name, settings)
    if find_spec("pydantic_ai") is None:
        raise MissingExtra(f"reader {name!r}: {NEEDS_EXTRA}")
    from wetread.wiring.speaking import speaking_reader

    told: Reader = speaking_reader(name, equipment)
    if settings.consistency_runs > 1:
        told = Consistent(told, settings.consistency_runs)
    if settings.cache != "off":
        store = equipment.run_cache if settings.cache == "run" else equipment.disk_cache
        told = Cached(told, store, policy_sha256=equipment.policy_sha256)
    timed = Timed(told, timeout_s=settings.timeout_s * WHOLE_READ, slow_after_s=settings.slow_after_s)
    return Guarded(timed, endpoint_of(name, settings), equipment.gate)


def examine_reader(settings: Settings, name: str) -> Iterator[tuple[str, str]]:
    """What can be said of a configured reader without asking anyone: ("bad" or "note", in words)."""
    equipment, own = Equipment(settings), settings.readers[name]
    if find_spec("pydantic_ai") is None:
        yield "bad", NEEDS_EXTRA
    for check in (check_address, key_of):
        try:
            check(name, own)
        except ConfigurationError as problem:
            yield "bad", str(problem)
    entry, today = entry_of(own, equipment.catalog), datetime.now(UTC).date()
    if not entry.known or entry.end_of_life is not None:
        yield "note", f"{own.model_id}: {entry.status(today)}"
    limited = (own.budget_usd_per_run, own.budget_usd_per_day, settings.budget_usd_per_run, settings.budget_usd_per_day)
    if entry.price is None and any(limit is not None for limit in limited):
        yield "bad", f"a budget is set but {own.model_id} has no known price; set price_input_usd and price_output_usd"
    refusal, caution = capability(name, own, entry, equipment.probes_file)
    if refusal or caution:
        yield "note", refusal or caution or ""
    egress = settings.egress
    decision = decide(
        egress.data_class,
        endpoint_of(name, own),
        licence_allows_third_parties=egress.licence_allows_third_parties,
    )
    if not decision.allowed:
        yield "note", f"it will be sent nothing: {decision.reason}"
