"""Report texts: labelled by rules, scored by coded findings."""

from wetread.evaluate.reports.labeller import Coded, Labeller, codes_of, labeller_for

__all__ = ["Coded", "Labeller", "codes_of", "labeller_for"]
