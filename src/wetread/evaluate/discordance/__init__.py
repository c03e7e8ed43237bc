"""AI in service against what humans signed: differences for adjudication, figures over time, signs of bias. Pure."""

from wetread.evaluate.discordance.compare import Around, agreements, compare, differences
from wetread.evaluate.discordance.figures import FACTS, Asked, Discordance, discordance
from wetread.evaluate.discordance.record import (
    PANEL,
    REPLACED,
    STANDS,
    WITHDRAWN,
    Comparison,
    Judgement,
    Kept,
    Kind,
    Question,
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
    "Discordance",
    "Judgement",
    "Kept",
    "Kind",
    "Question",
    "Sitting",
    "agreements",
    "compare",
    "differences",
    "discordance",
]
