"""Does AI's answer pull the human? Signals by arm: studies drawn to be read first, those drawn not to be, the rest.

The arms are drawn by chance, so a difference between them is AI's doing: findings of AI that stay more often where AI
was seen first, and findings of the human's own that are added less often there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wetread.domain.finding import Presence
from wetread.domain.review import Verdict
from wetread.evaluate.discordance.counts import Gap, Middle, Rate, gap, middle, rate
from wetread.evaluate.discordance.record import OF_BOTH, PANEL, STANDS, Judgement, Kept, Verdicts, truth

BLINDED, OPEN, UNDRAWN = "blinded", "open", "undrawn"
ARMS: Mapping[bool | None, str] = {True: BLINDED, False: OPEN, None: UNDRAWN}
DEFINITE = (Presence.PRESENT, Presence.ABSENT)
DRAWN = ("both_overcalled", "both_missed")
COMPARED = ("kept", "added", *DRAWN)
RATES = ("shown", "kept", "added", "own_first", "words_changed", "when_right", "when_wrong", *DRAWN)
LEARNT = (
    "Whether AI was right is known only where an adjudicator said so, or a report was signed anew over the same "
    "images: agreement with a right or a wrong AI is a share of what came to light so, not of everything. How often "
    "both are wrong is told by agreements that were drawn by chance and settled (service.agreed_share)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm. `shown` of its studies the signer read first and then asked for AI's answer.

    `kept`: findings that AI told and the signed report keeps. `added`: studies in which the human told a finding that
    AI had called absent or not spoken of. `own_first`: of the findings added in studies read first, those told before
    AI was shown. `words_changed`: signed words other than those written before AI was shown. `when_right` and
    `when_wrong`: agreement with AI, where the truth is known otherwise. Of agreements drawn by chance and settled:
    `both_overcalled` of the findings that both tell, `both_missed` of those that both call absent. `seconds` from
    first look to signature.
    """

    arm: str
    studies: int
    shown: Rate
    kept: Rate
    added: Rate
    own_first: Rate
    words_changed: Rate
    when_right: Rate
    when_wrong: Rate
    both_overcalled: Rate
    both_missed: Rate
    seconds: Middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """The arms, and how much more often something happens in the open arm than in the blinded one."""

    arms: tuple[Arm, ...]
    gaps: tuple[Gap, ...]
    remarks: tuple[str, ...] = (LEARNT,)


@dataclass(slots=True)
class _Counts:
    """Hits and misses of one arm, by signal."""

    studies: int = 0
    seconds: list[float] = field(default_factory=list)
    told: dict[str, list[bool]] = field(default_factory=dict)

    def note(self, what: str, so: bool) -> None:
        self.told.setdefault(what, []).append(so)

    def rate(self, what: str, least: int) -> Rate:
        told = self.told.get(what, [])
        return rate(sum(told), len(told), least)


def bias(kept: Sequence[Kept], verdicts: Verdicts, *, code: str | None, least: int) -> Bias:
    """The signals of these comparisons, those that were signed anew among them; `code` narrows them to one finding."""
    counts = {arm: _Counts() for arm in ARMS.values()}
    for one in kept:
        if one.state == STANDS and one.told.has_ai:
            _study(one, counts[ARMS[one.told.blinded]], code)
    for arm, was_right, agreed in _known(kept, verdicts, code):
        counts[arm].note("when_right" if was_right else "when_wrong", agreed)
    for one in kept:
        if one.state == STANDS:
            _drawn(one, counts[ARMS[one.told.blinded]], verdicts, code)
    arms = tuple(_arm(name, told, least) for name, told in counts.items() if told.studies or told.told)
    shown = {arm.arm: arm for arm in arms}
    gaps: tuple[Gap, ...] = ()
    if BLINDED in shown and OPEN in shown:
        gaps = tuple(gap(what, getattr(shown[BLINDED], what), getattr(shown[OPEN], what)) for what in COMPARED)
    return Bias(arms=arms, gaps=gaps)


def _arm(name: str, told: _Counts, least: int) -> Arm:
    return Arm(
        arm=name,
        studies=told.studies,
        seconds=middle(told.seconds, least),
        **{what: told.rate(what, least) for what in RATES},
    )


def _study(one: Kept, counts: _Counts, code: str | None) -> None:
    told, sitting = one.told, one.told.sitting
    counts.studies += 1
    counts.note("shown", sitting.ai_shown)
    if sitting.seconds is not None:
        counts.seconds.append(sitting.seconds)
    if sitting.words_changed is not None:
        counts.note("words_changed", sitting.words_changed)
    panel = _panel(one)
    for name in (name for name, said in panel.items() if said is Presence.PRESENT and code in {None, name}):
        if told.human.get(name) in DEFINITE:
            counts.note("kept", told.human[name] is Presence.PRESENT)
    own = [name for name, said in told.human.items() if said is Presence.PRESENT and code in {None, name}]
    counts.note("added", any(name in told.beyond or panel.get(name) is Presence.ABSENT for name in own))
    for act in told.acts:
        if act.verdict is Verdict.ADD and act.before_ai is not None and code in {None, act.code}:
            counts.note("own_first", act.before_ai)


def _drawn(one: Kept, counts: _Counts, verdicts: Verdicts, code: str | None) -> None:
    """Agreements with AI that were drawn by chance: whether both were wrong."""
    for name, said in _panel(one).items():
        judged = verdicts.get((one.report_id, name))
        if judged in OF_BOTH and code in {None, name}:
            what = "both_overcalled" if said is Presence.PRESENT else "both_missed"
            counts.note(what, judged is Judgement.BOTH_WRONG)


def _known(kept: Sequence[Kept], verdicts: Verdicts, code: str | None) -> Iterator[tuple[str, bool, bool]]:
    """Statements of the panel whose truth is known otherwise: the arm, whether AI was right, whether the human agreed.

    From differences that were adjudicated, and from reports that were withdrawn and signed anew over the same images.
    """
    last = _last_by_images(kept)
    for one in kept:
        later = last.get((one.study_id, one.version))
        anew = later if later is not None and one.state != STANDS and later.at > one.at else None
        for name, said in _panel(one).items():
            human = one.told.human.get(name)
            if said not in DEFINITE or human not in DEFINITE or code not in {None, name}:
                continue
            so = _so(one, name, verdicts, anew)
            if so in DEFINITE:
                yield ARMS[one.told.blinded], said is so, said is human


def _so(one: Kept, name: str, verdicts: Verdicts, anew: Kept | None) -> Presence | None:
    """What a code truly is, from an adjudicator or a later signature; None: nobody said."""
    judged = verdicts.get((one.report_id, name))
    if judged is not None and judged not in OF_BOTH:
        return truth(one, name, verdicts)
    return anew.told.human.get(name) if anew is not None else None


def _last_by_images(kept: Iterable[Kept]) -> dict[tuple[str, int], Kept]:
    return {(one.study_id, one.version): one for one in kept if one.state == STANDS}


def _panel(one: Kept) -> Mapping[str, Presence]:
    return next((spoken.codes for spoken in one.told.spoken if spoken.reader == PANEL), {})
