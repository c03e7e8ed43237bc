"""Tokens and dollars of a call before it is made, and what to send: the money side of a catalog entry."""

from datetime import date

from wetread.domain.view import ViewPlan
from wetread.ports import Estimate
from wetread.readers.catalog.entries import CatalogEntry
from wetread.readers.catalog.tokens import image_tokens

MILLION = 1_000_000
LOSSLESS, LOSSY = "image/png", "image/jpeg"


def cost_usd(
    entry: CatalogEntry, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0, day: date | None = None
) -> float | None:
    """US dollars of tokens, None where no price is known. `cached_tokens` are part of the input.

    Without a day the dearest price counts, so that a budget is never passed by a price rise.
    """
    price = entry.price_on(day)
    if price is None:
        return None
    if not 0 <= cached_tokens <= input_tokens or output_tokens < 0:
        raise ValueError(f"{cached_tokens} of {input_tokens} input tokens cached, {output_tokens} output tokens")
    fresh, cached, output = price.rates(input_tokens)
    return ((input_tokens - cached_tokens) * fresh + cached_tokens * cached + output_tokens * output) / MILLION


def estimate_call(
    entry: CatalogEntry,
    *,
    pictures: tuple[tuple[int, int], ...],
    text: int,
    max_output_tokens: int,
    day: date | None = None,
) -> Estimate:
    """What one call takes at most. `pictures` are (width, height) as sent, `text` its tokens, schema included."""
    input_tokens = text + sum(image_tokens(entry.family, width, height) for width, height in pictures)
    return Estimate(
        input_tokens=input_tokens,
        output_tokens=max_output_tokens,
        cost_usd=cost_usd(entry, input_tokens=input_tokens, output_tokens=max_output_tokens, day=day),
    )


def plan_for(entry: CatalogEntry, *, max_edge_px: int | None, max_images: int) -> ViewPlan:
    """The pictures worth sending: never more pixels than the provider keeps of a picture of any shape.

    `max_edge_px` asks for another longest side than the usual one; the provider's own limit still holds. PNG, and
    JPEG only where PNG would be over the provider's byte limit.
    """
    limits = entry.limits
    edges = [edge for edge in (max_edge_px or limits.usual_edge_px, limits.max_edge_px) if edge is not None]
    areas = [area for area in (limits.max_pixels, entry.family.image.most_px()) if area is not None]
    kinds = [kind for kind in (LOSSLESS, LOSSY) if kind in limits.media_types]
    return ViewPlan(
        max_edge_px=min(edges, default=None),
        max_pixels=min(areas, default=None),
        max_bytes=limits.max_picture_bytes,
        media_types=tuple(kinds),
        windows="presets",
        montage=True,
        max_images=max_images,
    )
