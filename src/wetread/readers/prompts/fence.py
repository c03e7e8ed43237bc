"""Foreign text made inert: no control, direction or invisible characters, and no way out of its marks."""

import re
import unicodedata

# Letters and marks that print nothing: Hangul fillers, the braille blank, the grapheme joiner, Khmer inherent vowels.
INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
NEITHER = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
MARKS = re.compile(r"<{2,}|>{2,}|`{3,}")
TAKEN_OUT = "[taken out]"
SPARE = 8  # times the length asked for: as much of a text is looked at, so that a huge one costs no time


def plain(text: str, most: int | None = None, *, lines: bool = False) -> str:
    """Text as people see it, on one line unless `lines`, of at most `most` characters ("…" where cut).

    Compatibility forms (wide, ligature) become plain ones, so that nothing hides behind a look-alike.
    """
    if most is not None:
        text = text[: most * SPARE]
    shown = "".join(_shown(c, lines) for c in unicodedata.normalize("NFKC", text))
    if lines:
        shown = "\n".join(line for line in (" ".join(part.split()) for part in shown.split("\n")) if line)
    else:
        shown = " ".join(shown.split())
    return shown if most is None or len(shown) <= most else shown[: max(0, most - 1)].rstrip() + "…"


def _shown(character: str, lines: bool) -> str:
    kind = unicodedata.category(character)
    if character in "\n\r\v\f" or kind in ("Zl", "Zp"):
        return "\n" if lines else " "
    if character == "\t" or kind == "Zs":
        return " "
    if kind in NEITHER or character in INVISIBLE or any(ord(character) in part for part in VARIATION_SELECTORS):
        return ""
    return character


def fenced(text: str, nonce: str) -> str:
    """Foreign text between marks that carry `nonce`; what looks like a mark or repeats the nonce is taken out.

    Raises: ValueError if the nonce is too short to be unguessable.
    """
    if len(nonce) < 8 or not nonce.isalnum():
        raise ValueError(f"a nonce has at least 8 letters and digits, got {len(nonce)} characters")
    inside = re.sub(re.escape(nonce), TAKEN_OUT, plain(text, lines=True), flags=re.IGNORECASE)
    return f"<<<data {nonce}\n{MARKS.sub(TAKEN_OUT, inside)}\nend of data {nonce}>>>"
