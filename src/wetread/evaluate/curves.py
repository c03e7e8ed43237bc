"""The curves of every reader as a file for pages that draw them: `curves.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from wetread.evaluate.plots import Plot, Points

SCHEMA = "wetread.curves/1"
MOST_POINTS = 201  # more than a drawing shows; the figures come from all of them, not from here
KINDS = ("roc", "pr", "reliability", "risk_coverage")


def curves_json(plots: Mapping[str, Sequence[Plot]]) -> str:
    """The file's text: by reader, "any finding" first, each curve thinned out to what a drawing shows."""
    told = {
        "schema": SCHEMA,
        "readers": [{"name": name, "curves": [_told(plot) for plot in own]} for name, own in plots.items()],
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _told(plot: Plot) -> dict[str, object]:
    return asdict(plot) | {kind: thinned(getattr(plot, kind)) for kind in KINDS}


def thinned(points: Points, most: int = MOST_POINTS) -> Points:
    """At most so many points, evenly along the curve; both ends stay."""
    if len(points) <= most:
        return points
    return tuple(points[at] for at in np.linspace(0, len(points) - 1, most).round().astype(int))
