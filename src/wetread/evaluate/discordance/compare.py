"""A signed report against the answers it was signed over, code by code. Pure.

A disease that one side tells more exactly is the same disease (`clinical/panel.toml`, line): who signs "pneumothorax,
large" agrees with a reader that said "pneumothorax". Uncertain is no statement, so it is never a difference.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wetread.domain.consensus import JoinedFinding
from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read
from wetread.domain.report import Report
from wetread.domain.review import Decision, Verdict, findings_of, latest
from wetread.domain.vocabulary import Term
from wetread.evaluate.discordance.record import (
    OPPOSITE,
    PANEL,
    UNSEEN,
    Act,
    Comparison,
    Kind,
    Question,
    Sitting,
    Spoken,
)
from wetread.evaluate.subgroups import age_band
from wetread.panel.rulebook import Rulebook, rulebook

LOUDNESS = {Presence.ABSENT: 0, Presence.UNCERTAIN: 1, Presence.PRESENT: 2}
SAID = (Presence.PRESENT, Presence.UNCERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around a signature.

    `scanner` is what headers say of the machine, by name; `shown_at` when the signer asked to see AI's answer.
    """

    scanner: Mapping[str, str | None] = field(default_factory=dict)
    blinded: bool | None = None
    sitting: Sitting = UNSEEN
    shown_at: datetime | None = None


def compare(base: Report | None, signed: Report, decisions: Sequence[Decision], around: Around) -> Comparison:
    """The comparison of a signature. `base` is the report it was made over, None where AI had made none."""
    book = rulebook()
    spoken = tuple(_spoken(base)) if base is not None else ()
    joined = signed.consensus.findings if signed.consensus else ()
    own = loudest((one.finding.code, one.finding.presence) for one in joined)
    stated = loudest([*own.items(), *((code, one.finding.presence) for one in joined for _, code in one.told_as)])
    asked = dict.fromkeys(code for one in spoken for code in one.codes)
    human = {code: said for code in asked if (said := word_on(code, stated, book)) is not None}
    seen = [code for code, presence in own.items() if presence is Presence.PRESENT]
    return Comparison(
        spoken=spoken,
        human=human | dict.fromkeys(seen, Presence.PRESENT),
        beyond=tuple(code for code in seen if spoken and not _covers(asked, code, book)),
        acts=tuple(_acts(base, decisions, around.shown_at)),
        facts={**around.scanner, **_facts(signed)},
        blinded=around.blinded,
        sitting=around.sitting,
    )


def loudest(told: Iterable[tuple[str, Presence]]) -> dict[str, Presence]:
    """What is said of each code, the strongest where it is said twice; what could not be assessed is left out."""
    heard: dict[str, Presence] = {}
    for code, presence in told:
        if presence is not Presence.NOT_ASSESSABLE:
            heard[code] = max(heard.get(code, presence), presence, key=LOUDNESS.__getitem__)
    return heard


def word_on(code: str, stated: Mapping[str, Presence], book: Rulebook) -> Presence | None:
    """What the statements say of a code, by itself or by the same disease told more or less exactly; None: nothing."""
    direct = [stated[code]] if code in stated else []
    exact = [said for other, said in stated.items() if said in SAID and book.is_under(other, code)]
    if direct or exact:
        return max((*direct, *exact), key=LOUDNESS.__getitem__)
    denied = any(stated.get(above) is Presence.ABSENT for above in book.above(code))
    return Presence.ABSENT if denied else None


def differences(comparison: Comparison, terms: Mapping[str, Term]) -> Iterator[Question]:
    """Every code on which a reader, or the panel, says present and the signed report absent, or the other way."""
    opposite = {
        (Presence.ABSENT, Presence.PRESENT): Kind.MISSED,
        (Presence.PRESENT, Presence.ABSENT): Kind.OVERCALLED,
    }
    for one in comparison.spoken:
        for code, ai in one.codes.items():
            human = comparison.human.get(code)
            if human is None or (kind := opposite.get((ai, human))) is None:
                continue
            category = _category(code, comparison.human, terms)
            yield Question(reader=one.reader, code=code, kind=kind, ai=ai, human=human, category=category)


def agreements(comparison: Comparison, terms: Mapping[str, Term], key: str, share: float) -> Iterator[Question]:
    """What the panel and the signed report say alike, drawn by chance.

    Of a `share` of reports one finding that both tell, and of as many one that both call absent. `key` names the
    report; the same one draws the same. A finding on which any reader differs is left out: it is a question already.
    """
    panel = next((one.codes for one in comparison.spoken if one.reader == PANEL), {})
    human = comparison.human
    for said in (Presence.PRESENT, Presence.ABSENT):
        alike = [code for code, ai in panel.items() if ai is said and human.get(code) is said]
        alike = sorted(code for code in alike if not _is_disputed(comparison, code))
        if alike and _chance(key, said, "whether") < share:
            code = alike[int(_chance(key, said, "which") * len(alike))]
            category = _category(code, human, terms)
            yield Question(reader=PANEL, code=code, kind=Kind.AGREED, ai=said, human=said, category=category)


def _is_disputed(comparison: Comparison, code: str) -> bool:
    opposite = OPPOSITE[comparison.human[code]]
    return any(one.codes.get(code) is opposite for one in comparison.spoken)


def _chance(*names: str) -> float:
    """A number from 0 to below 1 that these names draw."""
    drawn = hashlib.sha256("/".join(names).encode()).digest()
    return int.from_bytes(drawn[:6]) / 2**48


def _spoken(base: Report) -> Iterator[Spoken]:
    """The panel's joined answer, as the human was shown it, then each reader's own; a name stands there once."""
    if base.consensus is not None:
        joined = ((one.finding.code, one.finding.presence) for one in base.consensus.findings)
        yield Spoken(reader=PANEL, fingerprint=None, codes=loudest(joined))
    reads: dict[str, list[Read]] = {}
    for answer in base.answers:
        if isinstance(answer, Read) and answer.answered:
            reads.setdefault(answer.reader.name, []).append(answer)
    for name, given in reads.items():
        said = ((finding.code, finding.presence) for read in given for finding in read.findings)
        shown = name if name != PANEL else f"{PANEL} (a reader's name)"
        yield Spoken(reader=shown, fingerprint=given[-1].reader.fingerprint, codes=loudest(said))


def _covers(asked: Iterable[str], code: str, book: Rulebook) -> bool:
    """Whether any of the codes speaks of the same disease."""
    return any(other == code or book.is_under(other, code) or book.is_under(code, other) for other in asked)


def _category(code: str, human: Mapping[str, Presence], terms: Mapping[str, Term]) -> int | None:
    """The most urgent category of the code and of what the human told in its place more exactly."""
    book = rulebook()
    exact = [other for other, said in human.items() if said is Presence.PRESENT and book.is_under(other, code)]
    known = [terms[one].acr_category for one in (code, *exact) if one in terms]
    return min((category for category in known if category > 0), default=None)


def _acts(base: Report | None, decisions: Sequence[Decision], shown_at: datetime | None) -> Iterator[Act]:
    standing = findings_of(base) if base is not None else {}
    for name, decision in latest(decisions).items():
        joined = standing.get(name)
        finding = joined.finding if joined else decision.told
        if finding is None or (joined is None and decision.verdict is Verdict.REJECT):
            continue  # a finding of one's own that was taken back
        yield Act(
            code=finding.code,
            verdict=decision.verdict if joined else Verdict.ADD,
            presence_changed=_changed(joined, decision, lambda one: one.presence),
            side_changed=_changed(joined, decision, lambda one: one.laterality),
            before_ai=None if shown_at is None else decision.at < shown_at,
        )


def _changed(joined: JoinedFinding | None, decision: Decision, of: Callable[[Finding], object]) -> bool:
    told = decision.told
    return joined is not None and told is not None and of(told) != of(joined.finding)


def _facts(signed: Report) -> dict[str, str | None]:
    """Who and what was examined, in groups that are large enough to name nobody."""
    study, patient = signed.study, signed.study.patient
    pictures = sorted({one.modality for one in study.instances if one.is_image and one.modality})
    age = patient.age_years if patient.age_years is not None else signed.order.age_years
    return {
        "modality": "+".join(pictures) or None,
        "sex": patient.sex or signed.order.sex,
        "age": None if age is None else age_band(age),
    }
