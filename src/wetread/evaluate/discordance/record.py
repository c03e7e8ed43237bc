"""What AI said of a study and what the human signed, code by code, as it is kept with the signature."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wetread.domain.finding import Presence
from wetread.domain.review import Verdict

PANEL = "panel"  # the reader's name of the joined answer, the one that the human was shown
STANDS, REPLACED, WITHDRAWN = "stands", "replaced", "withdrawn"


class Kind(StrEnum):
    """How AI and the signed report stand to each other on a code."""

    MISSED = "missed"  # AI called it absent, the report tells it
    OVERCALLED = "overcalled"  # AI told it, the report calls it absent
    AGREED = "agreed"  # both say the same; drawn by chance, to see how often both are wrong


class Judgement(StrEnum):
    """Who was right, in an adjudicator's word: one of two that differ, or both or neither of two that agree."""

    AI_RIGHT = "ai_right"
    HUMAN_RIGHT = "human_right"
    BOTH_RIGHT = "both_right"
    BOTH_WRONG = "both_wrong"
    UNDECIDABLE = "undecidable"

    def fits(self, kind: Kind) -> bool:
        """Whether it answers a question of this kind."""
        return self is Judgement.UNDECIDABLE or (self in OF_BOTH) == (kind is Kind.AGREED)


OF_BOTH = (Judgement.BOTH_RIGHT, Judgement.BOTH_WRONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What one reader said of each code that it judged; codes that it could not assess are left out."""

    reader: str
    fingerprint: str | None
    codes: Mapping[str, Presence] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A human's last decision on a finding.

    `before_ai`: it was made before the signer asked to see AI's answer; None where nobody asked.
    """

    code: str
    verdict: Verdict
    presence_changed: bool = False
    side_changed: bool = False
    before_ai: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """How the signer came to the signature, as the audit saw it.

    `seconds` from the signer's first look at the study since the report to the signature, None where none is known.
    `ai_shown`: the signer read first and asked for AI's answer then. `words_changed`: what was signed is not the
    impression written before AI was shown; None where none was written.
    """

    seconds: float | None = None
    ai_shown: bool = False
    words_changed: bool | None = None


UNSEEN = Sitting()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One signed report beside the answers it was signed over.

    `spoken` holds the panel first and then each reader; empty: AI had not read it. `human` is the signed word on
    every code that any of them spoke of, and what it tells besides. `beyond` are findings of the human that no reader
    of AI was asked about. `blinded` is the study's arm: True reads first, False does not, None: no arm was drawn.
    """

    spoken: tuple[Spoken, ...]
    human: Mapping[str, Presence] = field(repr=False)
    beyond: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    facts: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    blinded: bool | None = None
    sitting: Sitting = UNSEEN

    @property
    def has_ai(self) -> bool:
        """Whether there was an answer of AI to compare with."""
        return bool(self.spoken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A comparison with its place: which signed report, which images (`version`), and whether it still stands."""

    report_id: str
    study_id: str
    version: int
    at: datetime
    state: str
    told: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One for an adjudicator: what a reader and the signed report say of a code. `category`: the most urgent one."""

    reader: str
    code: str
    kind: Kind
    ai: Presence
    human: Presence
    category: int | None


Verdicts = Mapping[
    tuple[str, str], Judgement
]  # by signed report and code: it is one question, whichever reader differs
OPPOSITE = {Presence.PRESENT: Presence.ABSENT, Presence.ABSENT: Presence.PRESENT}


def truth(one: Kept, code: str, verdicts: Verdicts) -> Presence | None:
    """What is taken as so: the signed word, the opposite where that was found wrong, None where nobody can tell."""
    human = one.told.human.get(code)
    judged = verdicts.get((one.report_id, code)) if verdicts else None
    if human is None or judged is Judgement.UNDECIDABLE:
        return None
    return OPPOSITE.get(human) if judged in {Judgement.AI_RIGHT, Judgement.BOTH_WRONG} else human
