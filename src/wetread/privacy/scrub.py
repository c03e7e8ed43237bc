"""Free text as it may go out: without what identifies, without what nobody sees, no longer than needed."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from wetread.privacy.identifiers import Identifiers
from wetread.privacy.injection import gives_orders
from wetread.privacy.invisible import visible
from wetread.privacy.patterns import text_patterns

LONGEST_LOOKED_AT = 20_000  # characters; what stands behind is cut unseen


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text as it may go. `removed` says what kinds of things were taken out, `orders` that it gives orders.

    `hidden` says that characters nobody sees stood in it, `cut` that its end was left out.
    """

    text: str
    removed: tuple[str, ...] = ()
    orders: bool = False
    hidden: bool = False
    cut: bool = False


def scrub(text: str, identifiers: Identifiers, *, limit: int, value: bool = False) -> Scrubbed:
    """A text without identifiers, invisible characters and what stands beyond `limit` characters.

    value: a laboratory value, whose digits are no identifier unless they are this patient's.
    """
    seen = visible(text[:LONGEST_LOOKED_AT])
    orders = gives_orders(f"{seen.text}\n{seen.smuggled}")
    removed: list[str] = []
    clean = _known_out(seen.text, identifiers, removed)
    if not (value and text_patterns().value.match(clean)):
        clean = _patterns_out(clean, removed)
    short = clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"
    cut = short != clean or len(text) > LONGEST_LOOKED_AT
    return Scrubbed(short, tuple(dict.fromkeys(removed)), orders=orders, hidden=seen.hidden, cut=cut)


def _known_out(text: str, identifiers: Identifiers, removed: list[str]) -> str:
    """Every known identifier replaced; twice, since taking one out can bring the parts of another together."""
    for _ in range(2):
        spans = _merged(sorted(identifiers.spans(text)))
        if spans:
            removed.append("identifier")
        for start, end in reversed(spans):
            text = f"{text[:start]}[removed]{text[end:]}"
    return text


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _patterns_out(text: str, removed: list[str]) -> str:
    for kind, pattern in text_patterns().identifiers:
        text, count = pattern.subn(f"[{kind}]", text)
        removed += [kind] * bool(count)
    text, count = text_patterns().ages.subn(_capped(), text)
    removed += ["age"] * bool(count)
    return text


def _capped() -> Callable[[re.Match[str]], str]:
    oldest = text_patterns().limits["oldest_age_years"]
    return lambda found: f">{oldest}" if int(found["of"] or found["told"]) > oldest else found[0]
