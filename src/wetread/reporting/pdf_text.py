"""Foreign text for PDF: escaped, and each run in a font that has its characters."""

from functools import cache
from itertools import groupby
from xml.sax.saxutils import escape

from wetread.reporting.words import inert

LATIN = "latin"
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium"
RANGES = (
    (0x0391, 0x03C9, JAPANESE),
    (0x0410, 0x044F, JAPANESE),
    (0x3040, 0x30FF, JAPANESE),
    (0xFF66, 0xFF9F, JAPANESE),
    (0x1100, 0x11FF, KOREAN),
    (0x3130, 0x318F, KOREAN),
    (0xAC00, 0xD7AF, KOREAN),
    (0x2E80, 0x9FFF, CHINESE),
    (0xF900, 0xFAFF, CHINESE),
    (0xFF00, 0xFFEF, CHINESE),
)


def marked(foreign: str) -> str:
    """Paragraph markup that shows the text and nothing else. A character without a font is shown as its code."""
    runs = groupby(inert(foreign), key=_font)
    return "".join(_run(font, "".join(characters)) for font, characters in runs)


def _font(character: str) -> str | None:
    """The font that has a character, "latin" for the page's own, None where there is none."""
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        point = ord(character)
        return next((font for low, high, font in RANGES if low <= point <= high), None)
    return LATIN


def _run(font: str | None, characters: str) -> str:
    if font == LATIN:
        return escape(characters)
    if font is None:
        return "".join(f"[U+{ord(c):04X}]" for c in characters)
    _register(font)
    return f'<font name="{font}">{escape(characters)}</font>'


@cache
def _register(font: str) -> None:
    """Make one of the fonts that every PDF viewer brings known to reportlab."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(font))
