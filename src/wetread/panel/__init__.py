"""Several readers asked together: their answers joined, and how soon a human must act."""

from wetread.panel.consolidate import consolidate
from wetread.panel.convene import convene
from wetread.panel.schemes import ForeignPriority, Scheme, load_schemes, stated_confidence
from wetread.panel.urgency import assess, sort_key

__all__ = [
    "ForeignPriority",
    "Scheme",
    "assess",
    "consolidate",
    "convene",
    "load_schemes",
    "sort_key",
    "stated_confidence",
]
