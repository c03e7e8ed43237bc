"""Several readers asked together: their answers joined, and how soon a human must act."""

from wetread.panel.cascade import Cascade, CascadeRule, readers_of
from wetread.panel.cascade_figures import CascadeFigures, Tradeoff, load_figures
from wetread.panel.consolidate import consolidate
from wetread.panel.convene import convene
from wetread.panel.escalation import escalations
from wetread.panel.figures import Figures
from wetread.panel.schemes import ForeignPriority, Scheme, load_schemes, stated_confidence
from wetread.panel.urgency import assess, sort_key
from wetread.panel.weights import Weights
from wetread.panel.weights_file import load_weights

__all__ = [
    "Cascade",
    "CascadeFigures",
    "CascadeRule",
    "Figures",
    "ForeignPriority",
    "Scheme",
    "Tradeoff",
    "Weights",
    "assess",
    "consolidate",
    "convene",
    "escalations",
    "load_figures",
    "load_schemes",
    "load_weights",
    "readers_of",
    "sort_key",
    "stated_confidence",
]
