"""What needs the extra `vision`: readers that speak to an endpoint, the check of a key, the probe."""

from datetime import UTC, datetime
from functools import lru_cache

from wetread import __version__
from wetread.domain.read import ReaderIdentity
from wetread.ports import Estimate
from wetread.readers.catalog import CatalogEntry, Family, cost_usd, estimate_call, text_tokens
from wetread.readers.vision.calls import Forms, Line
from wetread.readers.vision.client import Client
from wetread.readers.vision.keycheck import KeyCheck, check_key
from wetread.readers.vision.place import address_of, check_address, key_of
from wetread.readers.vision.probe import probe
from wetread.readers.vision.probes import Probe, keep_probe
from wetread.readers.vision.question import Form, Question, Reply
from wetread.readers.vision.reader import Manner, VisionReader, fingerprint
from wetread.readers.wrappers import SYSTEM_TIME, Breaker, Budget, Purse, Turnstile
from wetread.settings import VisionSettings
from wetread.wiring.equipment import Equipment
from wetread.wiring.reader_facts import (
    CONTEXT_TOKENS,
    IMAGES_A_CALL,
    capability,
    entry_of,
    longest_answer,
    plan_of_reader,
    target_of,
    temperature_of,
)


def speaking_reader(name: str, equipment: Equipment) -> VisionReader:
    """The bare reader: it asks the endpoint, within the limits of every single call.

    Raises: ConfigurationError (the key).
    """
    settings = equipment.settings.readers[name]
    entry = entry_of(settings, equipment.catalog)
    identity = _identity(name, settings, equipment)
    line = Line(
        client=_client(name, settings, entry),
        turnstile=_turnstile(name, settings, equipment),
        time=SYSTEM_TIME,
        retries=settings.retries,
        estimate=lambda question: _estimate(entry, settings, question),
        price=lambda reply: _price(entry, reply),
        forms=Forms(_forms(settings, entry)),
        who=f"{name} {identity.fingerprint}",
        journal=equipment.journal,
    )
    return VisionReader(
        identity,
        plan=plan_of_reader(settings, entry),
        line=line,
        vocabulary=equipment.vocabulary,
        manner=_manner(name, settings, entry, equipment),
    )


def _client(name: str, settings: VisionSettings, entry: CatalogEntry) -> Client:
    return Client(
        name,
        settings,
        key_of(name, settings),
        temperature=temperature_of(settings, entry),
        max_output_tokens=longest_answer(settings, entry),
        detail=entry.image_detail,
        media_resolution=entry.media_resolution,
    )


def _forms(settings: VisionSettings, entry: CatalogEntry) -> tuple[Form, ...]:
    """By the catalog, or the one the site named."""
    return tuple(map(Form, entry.forms)) if settings.answer_form == "auto" else (Form(settings.answer_form),)


def _identity(name: str, settings: VisionSettings, equipment: Equipment) -> ReaderIdentity:
    """Who it is; the fingerprint changes with whatever shapes an answer."""
    shape = settings.model_dump(include={"provider", "passes", "temperature", "answer_form", "max_output_tokens"})
    parts = (address_of(settings), settings.dialect, sorted(shape.items()), equipment.vocabulary.sha256)
    return ReaderIdentity(name=name, version=__version__, fingerprint=fingerprint(*parts), model_id=settings.model_id)


def _turnstile(name: str, settings: VisionSettings, equipment: Equipment) -> Turnstile:
    site = equipment.settings
    purse = Purse(
        name,
        ledger=equipment.ledger,
        run=equipment.run,
        own=Budget(per_run_usd=settings.budget_usd_per_run, per_day_usd=settings.budget_usd_per_day),
        site=Budget(per_run_usd=site.budget_usd_per_run, per_day_usd=site.budget_usd_per_day),
        watch=equipment.watch,
    )
    return Turnstile(
        concurrency=settings.concurrency,
        requests_per_minute=settings.requests_per_minute,
        tokens_per_minute=settings.tokens_per_minute,
        purse=purse,
        breaker=Breaker(name, failures=settings.breaker_failures, rest_s=settings.breaker_rest_s),
    )


def _manner(name: str, settings: VisionSettings, entry: CatalogEntry, equipment: Equipment) -> Manner:
    refusal, caution = capability(name, settings, entry, equipment.probes_file)
    return Manner(
        passes=settings.passes,
        images_per_call=settings.max_images_per_call or min(entry.limits.max_images or IMAGES_A_CALL, IMAGES_A_CALL),
        context_tokens=CONTEXT_TOKENS,
        synthesis=settings.synthesis,
        modalities=entry.modalities,
        refusal=refusal,
        caution=caution,
    )


def _estimate(entry: CatalogEntry, settings: VisionSettings, question: Question) -> Estimate:
    lasting = (question.system, question.schema or "")
    passing = (question.text, question.answer or "", question.remark or "")
    tokens = sum(_counted(text, entry.family) for text in lasting)
    return estimate_call(
        entry,
        pictures=tuple((one.width, one.height) for one in question.pictures),
        text=tokens + sum(text_tokens(text, entry.family) for text in passing),
        max_output_tokens=longest_answer(settings, entry),
    )


@lru_cache(maxsize=256)
def _counted(text: str, family: Family) -> int:
    """Tokens of a text that many calls share: instructions and schema are the same for each study of a kind."""
    return text_tokens(text, family)


def _price(entry: CatalogEntry, reply: Reply) -> float | None:
    if reply.input_tokens is None or reply.output_tokens is None:
        return None
    return cost_usd(
        entry,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        cached_tokens=min(reply.cached_tokens or 0, reply.input_tokens),
        day=datetime.now(UTC).date(),
    )


async def ask_key(name: str, equipment: Equipment) -> KeyCheck:
    """What the endpoint says to the reader's key."""
    settings = equipment.settings.readers[name]
    return await check_key(name, settings, key_of(name, settings))


async def probed(name: str, equipment: Equipment) -> Probe:
    """The result of a fresh probe, kept.

    Raises: ConfigurationError, ReaderError (the endpoint broke down, which proves nothing).
    """
    settings = equipment.settings.readers[name]
    check_address(name, settings)
    client = _client(name, settings, entry_of(settings, equipment.catalog))
    result = await probe(client, target=target_of(settings), now=datetime.now(UTC))
    keep_probe(equipment.probes_file, result)
    return result
