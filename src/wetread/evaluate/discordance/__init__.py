"""AI in service against what humans signed: differences for adjudication, figures over time, signs of bias. Pure."""

from wetread.evaluate.discordance.compare import Around, compare, differences
from wetread.evaluate.discordance.figures import FACTS, Asked, Discordance, discordance
from wetread.evaluate.discordance.record import (
    PANEL,
    REPLACED,
    STANDS,
    WITHDRAWN,
    Comparison,
    Difference,
    Judgement,
    Kept,
    Kind,
    Sitting,
)

__all__ = [
    "FACTS",
    "PANEL",
    "REPLACED",
    "STANDS",
    "WITHDRAWN",
    "Around",
    "Asked",
    "Comparison",
    "Difference",
    "Discordance",
    "Judgement",
    "Kept",
    "Kind",
    "Sitting",
    "compare",
    "differences",
    "discordance",
]
