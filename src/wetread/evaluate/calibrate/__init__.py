"""What a site's own cases say of its readers, written as the files that the product reads them from.

Maps from stated numbers to probabilities, operating points and conformal sets (`calibration.toml`), votes learnt from
counts (`weights.toml`), the local proof of a cascade (`cascade.toml`). Everything is fixed on the calibration split.
"""

from wetread.evaluate.calibrate.maps import FindingMap, maps_of
from wetread.evaluate.calibrate.screen import ScreenFigures, screen_figures
from wetread.evaluate.calibrate.subjects import Subject, mapped, subjects_of
from wetread.evaluate.calibrate.votes import Votes, votes_of

__all__ = [
    "FindingMap",
    "ScreenFigures",
    "Subject",
    "Votes",
    "mapped",
    "maps_of",
    "screen_figures",
    "subjects_of",
    "votes_of",
]
