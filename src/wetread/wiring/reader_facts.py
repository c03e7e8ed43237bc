"""What is known of a configured reader before it is asked: its model, price, pictures, whether it sees at all."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from wetread.domain.view import ViewPlan
from wetread.readers.catalog import Catalog, CatalogEntry, plan_for, priced
from wetread.readers.vision.place import address_of
from wetread.readers.vision.probes import load_probes
from wetread.settings import VisionSettings

CONTEXT_TOKENS = 2000
IMAGES_A_CALL = 16


def entry_of(settings: VisionSettings, catalog: Catalog) -> CatalogEntry:
    """What is known of the reader's model, with the site's own price where it names one."""
    found = catalog.entry(settings.provider, settings.model_id)
    today = datetime.now(UTC).date()
    return priced(found, input_usd=settings.price_input_usd, output_usd=settings.price_output_usd, day=today)


def plan_of_reader(settings: VisionSettings, entry: CatalogEntry) -> ViewPlan:
    """The pictures the reader is sent: the clinical recipes, within what the provider keeps."""
    plan = plan_for(entry, max_edge_px=settings.max_edge_px, max_images=settings.max_images)
    return replace(plan, recipe="clinical")


def longest_answer(settings: VisionSettings, entry: CatalogEntry) -> int:
    """Tokens of the longest answer: what the site allows, within what the provider does."""
    return min(settings.max_output_tokens, entry.limits.max_output_tokens or settings.max_output_tokens)


def temperature_of(settings: VisionSettings, entry: CatalogEntry) -> float | None:
    """What is sent, None to leave it to the provider: some models refuse to be told."""
    told = settings.temperature
    return None if entry.refuses_temperature or told == "default" else told


def target_of(settings: VisionSettings) -> str:
    """What a probe proves something of: this model id at this address."""
    return f"{settings.provider.value} {settings.model_id} {address_of(settings)}"


def capability(
    name: str, settings: VisionSettings, entry: CatalogEntry, probes_file: Path
) -> tuple[str | None, str | None]:
    """(why it may be sent no pictures, what to be careful about). A failed probe decides over the catalog."""
    kept = load_probes(probes_file).get(target_of(settings))
    told, again = settings.model_id, f"wetread readers probe {name}"
    if kept is not None and not kept.passed:
        return f"{told} failed the probe of {kept.when[:10]} ({kept.text}); after a change run {again}", None
    if kept is not None:
        old = kept.stale(datetime.now(UTC))
        return None, f"its last probe is of {kept.when[:10]}; run {again}" if old else None
    if entry.images is False:
        return f"{told} reads text only and takes no pictures; choose a model that does", None
    if entry.images is None and entry.known:
        return f"sources disagree on whether {told} takes pictures; run {again} first", None
    return None, None if entry.images else f"nobody has shown that {told} sees pictures; run {again}"
