"""Several answers on one study become one: two passes, several calls, a summing-up. None lowers anything."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Diagnosis, ImpressionItem
from wetread.domain.view import Limitation
from wetread.errors import AnswerUnusable
from wetread.readers.answers.hearing import hear
from wetread.readers.answers.keys import KEYS, by_name
from wetread.readers.answers.lexicon import lexicon_for
from wetread.readers.answers.parts import MOST_ITEMS, differential_of, impression_of, recommendations_of, worst
from wetread.readers.answers.scales import FIVE_NUMBERS, claimed
from wetread.readers.answers.settle import places, settled
from wetread.readers.answers.understood import (
    OTHER,
    SEEN,
    Dropped,
    Key,
    Understood,
    key_of,
    loudness,
    more_urgent,
    order_of,
)
from wetread.readers.prompts import Sheet

FORMS = ("json", "fenced", "prose")


def merge_passes(pictures: Understood, context: Understood) -> Understood:
    """The pass over the pictures alone, with what the pass that knew the context adds.

    What only the second sees, or calls louder, is marked context dependent; what the first saw stays, noted where
    the second denies it. The urgency is the more urgent of the two.
    """
    findings, denied = _passes(pictures.findings, context.findings)
    notes = [Limitation(code="passes_disagree", text=_disagreement(denied))] if denied else []
    if context.abstained is not None and pictures.abstained is None:
        text = f"With the clinical text the reader declined: {context.abstained}"
        notes.append(Limitation(code="reader_reservation", text=text))
    merged = _together((pictures, context), findings)
    return replace(
        merged,
        impression=_impressions(context.impression, pictures.impression),
        differential=_unlike(context.differential, pictures.differential),
        recommendations=tuple(dict.fromkeys((*context.recommendations, *pictures.recommendations)))[:MOST_ITEMS],
        limitations=tuple(dict.fromkeys((*merged.limitations, *notes))),
        scheme=pictures.scheme,
    )


def _disagreement(codes: Sequence[str]) -> str:
    return f"Seen in the pictures alone and not once the clinical text was known, kept as seen: {', '.join(codes)}."


def _passes(first: Sequence[Finding], second: Sequence[Finding]) -> tuple[tuple[Finding, ...], list[str]]:
    """The findings of both passes, and the codes that the second denied."""
    found = {key_of(finding): finding for finding in first}
    denied = set()
    for later in second:
        key = _counterpart(later, found.values())
        if key is None:
            found[key_of(later)] = replace(later, context_dependent=True)
            continue
        earlier = found[key]
        if earlier.presence in SEEN and later.presence is Presence.ABSENT:
            denied.add(later.code)
        found[key] = _louder(earlier, later)
    return settled(found.values(), blind_wins=False), sorted(denied)


def _counterpart(later: Finding, earlier: Iterable[Finding]) -> Key | None:
    """The first pass's finding of the same code and side; one without a side is refined by one with."""
    same = [finding for finding in sorted(earlier, key=order_of) if finding.code == later.code]
    exact = [finding for finding in same if key_of(finding) == key_of(later)]
    if exact or later.code == OTHER:
        return key_of(exact[0]) if exact else None
    sideless = [finding for finding in same if finding.laterality is None or later.laterality is None]
    seen = [finding for finding in sideless if finding.presence in SEEN]
    return key_of((seen or sideless)[0]) if sideless else None


def _louder(earlier: Finding, later: Finding) -> Finding:
    """The earlier finding, unless the later one says more; a side and places are gained either way."""
    side = earlier.laterality or later.laterality
    critical = earlier.claims_critical or later.claims_critical
    if loudness(later.presence) > loudness(earlier.presence):
        return replace(later, context_dependent=True, laterality=side, claims_critical=critical)
    if later.presence not in SEEN or earlier.presence not in SEEN:
        return earlier
    where = places((earlier.evidence, later.evidence))
    return replace(earlier, laterality=side, claims_critical=critical, evidence=where)


def merge_calls(answers: Sequence[Understood]) -> Understood:
    """The answers of several calls on one study: present in any is present, absent only if absent wherever judged.

    Raises: AnswerUnusable where there is no answer at all.
    """
    if not answers:
        raise AnswerUnusable("no call of this study was answered")
    merged = _together(answers, settled((f for answer in answers for f in answer.findings), blind_wins=False))
    declined = [answer.abstained for answer in answers if answer.abstained is not None]
    if declined and merged.abstained is None:
        reasons = "; ".join(dict.fromkeys(declined))
        text = f"{len(declined)} of {len(answers)} calls on this study declined to read: {reasons}"
        note = Limitation(code="part_not_read", text=text)
        merged = replace(merged, limitations=tuple(dict.fromkeys((*merged.limitations, note))))
    return merged


def _together(answers: Sequence[Understood], findings: tuple[Finding, ...]) -> Understood:
    """Everything of all answers around their joined findings."""
    reasons = [answer.abstained for answer in answers]
    told = [reason for reason in reasons if reason is not None]
    original = [answer.original for answer in answers if answer.original is not None]
    return Understood(
        form=max((answer.form for answer in answers), key=FORMS.index),
        scheme=answers[0].scheme,
        findings=findings,
        quality=worst(answer.quality for answer in answers),
        priority_claim=more_urgent(*(answer.priority_claim for answer in answers)),
        impression=_impressions(*(answer.impression for answer in answers)),
        differential=_unlike(*(answer.differential for answer in answers)),
        recommendations=_once(item for answer in answers for item in answer.recommendations),
        limitations=_once(item for answer in answers for item in answer.limitations),
        abstained="; ".join(dict.fromkeys(told)) if len(told) == len(answers) else None,
        dropped=_once(item for answer in answers for item in answer.dropped),
        original="\n".join(original) or None,
    )


T = TypeVar("T")


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def _unlike(*groups: Sequence[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Every condition once, as the first group that names it has it."""
    found: dict[str, Diagnosis] = {}
    for diagnosis in (each for group in groups for each in group):
        found.setdefault(diagnosis.condition.casefold(), diagnosis)
    return tuple(found.values())[:MOST_ITEMS]


def _impressions(*groups: Sequence[ImpressionItem]) -> tuple[ImpressionItem, ...]:
    """The sentences of the first group, then those of others that cite what none before them cites."""
    kept: list[ImpressionItem] = []
    for group in groups:
        cited = {code for item in kept for code in item.cites}
        kept += [item for item in group if not set(item.cites) <= cited]
    return tuple(kept)


def with_synthesis(merged: Understood, raw: str, sheet: Sheet | None = None) -> Understood:
    """The merged answer with the impression, differential and advice of a summing-up.

    Findings, presences and claims stay; a summing-up can raise the urgency, never lower it. One that can't be used
    leaves everything as it was, with a limitation that says so. `sheet` gives the conditions their codes.
    """
    try:
        objects = hear(raw).objects
    except AnswerUnusable:
        objects = ()
    if not objects:
        note = Limitation(code="no_synthesis", text="The findings were not summed up: the answer could not be used.")
        return replace(merged, limitations=_once((*merged.limitations, note)))
    fields: dict[str, list[object]] = {}
    for answer in objects:
        for name, values in by_name(answer, KEYS.answer).items():
            fields.setdefault(name, []).extend(values)
    items = tuple(impression_of(fields.get("impression", ()), merged.findings))
    told = differential_of(fields.get("differential", ()), lexicon_for(sheet) if sheet else None, ours=True)
    written = tuple(item for item in items if isinstance(item, ImpressionItem))
    return replace(
        merged,
        impression=_impressions(written, merged.impression),
        differential=_unlike(told, merged.differential),
        recommendations=_once((*recommendations_of(fields.get("recommendations", ())), *merged.recommendations)),
        priority_claim=more_urgent(merged.priority_claim, claimed(fields.get("urgency"), FIVE_NUMBERS, ours=True)),
        dropped=_once((*merged.dropped, *(item for item in items if isinstance(item, Dropped)))),
    )
