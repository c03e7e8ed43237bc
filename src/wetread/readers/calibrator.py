"""From a network's raw logit to a probability that was checked against outcomes. Every map is strictly monotone."""

import bisect
import itertools
import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

LOGIT_LIMIT = 60.0
TAIL_SLOPE = 1e-6


def sigmoid(logit: float) -> float:
    """1/(1 + e^-x), safe for any finite number."""
    bounded = max(-LOGIT_LIMIT, min(LOGIT_LIMIT, logit))
    return 1.0 / (1.0 + math.exp(-bounded))


def logit_of(probability: float) -> float:
    """The inverse of `sigmoid`, kept finite at 0 and 1."""
    bounded = max(1e-9, min(1 - 1e-9, probability))
    return math.log(bounded / (1 - bounded))


class _Map(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    id: str


class Temperature(_Map):
    """sigmoid(logit / temperature + offset). "pooled": one temperature shared by rare findings."""

    kind: Literal["temperature", "pooled"]
    temperature: float = Field(gt=0)
    offset: float = 0.0

    def __call__(self, logit: float) -> float:
        """The probability."""
        return sigmoid(logit / self.temperature + self.offset)


class Platt(_Map):
    """sigmoid(slope · logit + intercept); Platt 1999."""

    kind: Literal["platt"]
    slope: float = Field(gt=0)
    intercept: float

    def __call__(self, logit: float) -> float:
        """The probability."""
        return sigmoid(self.slope * logit + self.intercept)


class Isotonic(_Map):
    """Straight lines between fitted points; outside them a slope too small to matter but never flat."""

    kind: Literal["isotonic"]
    x: tuple[float, ...] = Field(min_length=2)
    y: tuple[float, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _rising(self) -> "Isotonic":
        pairs = list(zip(self.x, self.y, strict=True))
        if any(a[0] >= b[0] or a[1] >= b[1] for a, b in itertools.pairwise(pairs)):
            raise ValueError("isotonic points must rise strictly in x and y")
        return self

    def __call__(self, logit: float) -> float:
        """The probability."""
        x, y = self.x, self.y
        if logit <= x[0]:
            value = y[0] - TAIL_SLOPE * (x[0] - logit)
        elif logit >= x[-1]:
            value = y[-1] + TAIL_SLOPE * (logit - x[-1])
        else:
            right = bisect.bisect_right(x, logit)
            share = (logit - x[right - 1]) / (x[right] - x[right - 1])
            value = y[right - 1] + share * (y[right] - y[right - 1])
        return max(0.0, min(1.0, value))


Calibrator = Annotated[Temperature | Platt | Isotonic, Field(discriminator="kind")]
