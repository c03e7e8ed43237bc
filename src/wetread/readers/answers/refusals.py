"""Sentences that decline to read: no finding is made of what they mention."""

import re
from functools import cache

from wetread.readers.answers.lexicon import language


@cache
def _patterns() -> re.Pattern[str]:
    return re.compile("|".join(language()["refusal"]["patterns"]), re.IGNORECASE)


def declines(sentence: str) -> bool:
    """True where a sentence says that it will not or cannot read images."""
    straight = sentence.replace("\u2019", "'").replace("can't", "can not").replace("cannot", "can not")
    return bool(_patterns().search(straight.replace("couldn't", "could not")))
