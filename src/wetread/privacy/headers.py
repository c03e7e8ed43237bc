"""Facts of headers as short tokens: what is no token of the field is left out, whatever it says."""

import re
from dataclasses import replace

from wetread.domain.view import View, Window
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.injection import gives_orders
from wetread.privacy.invisible import visible
from wetread.privacy.patterns import text_patterns
from wetread.privacy.scrub import scrub

TOKEN = re.compile(r"[A-Z0-9 _-]{1,32}")
MOST_WORDS = 3
FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")  # PS3.3 C.11.2.1.3
LATERALITIES = ("L", "R", "B", "U")  # Image Laterality (0020,0062), Laterality (0020,0060)
SIDES = {"LEFT": "L", "RIGHT": "R", "BILATERAL": "B", "BOTH": "B", "UNPAIRED": "U"}


def token(value: str | None, identifiers: Identifiers) -> str | None:
    """A header's value as a token in capitals, None where it is none, names somebody or gives orders."""
    if value is None:
        return None
    seen = visible(value)
    told = " ".join(seen.text.upper().split())
    if seen.hidden or not TOKEN.fullmatch(told) or len(told.split()) > MOST_WORDS:
        return None
    return None if gives_orders(value) or identifiers.stand_in(told) else told


def clean_view(view: View, identifiers: Identifiers) -> tuple[View, bool]:
    """A view whose facts are tokens, and whether any of its headers gave orders. The origin stays: it is never sent."""
    told = (view.modality, view.body_part, view.projection, view.laterality, view.label, *_said(view))
    label = scrub(view.label, identifiers, limit=text_patterns().limits["label"]) if view.label else None
    side = token(view.laterality, identifiers)
    clean = replace(
        view,
        modality=token(view.modality, identifiers),
        body_part=token(view.body_part, identifiers),
        projection=token(view.projection, identifiers),
        laterality=view.laterality if side and SIDES.get(side, side) in LATERALITIES else None,
        label=label.text if label and not (label.orders or label.hidden) else None,
        window=_clean_window(view.window, identifiers),
        other_windows=tuple(w for w in (_clean_window(w, identifiers) for w in view.other_windows) if w),
    )
    return clean, any(gives_orders(value) for value in told if value)


def _said(view: View) -> tuple[str | None, ...]:
    windows = (*((view.window,) if view.window else ()), *view.other_windows)
    return tuple(told for window in windows for told in (window.explanation, window.function))


def _clean_window(window: Window | None, identifiers: Identifiers) -> Window | None:
    """A window with its numbers; its explanation is free text of the header."""
    if window is None:
        return None
    function = window.function if window.function in FUNCTIONS else FUNCTIONS[0]
    kept = window.explanation if token(window.explanation, identifiers) else None
    return replace(window, function=function, explanation=kept)
