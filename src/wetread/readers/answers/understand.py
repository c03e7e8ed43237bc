"""From a raw answer to what it says: tolerant of its form, strict about its content."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import ImpressionItem
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation, View
from wetread.errors import AnswerUnusable
from wetread.readers.answers.hearing import Heard, hear
from wetread.readers.answers.items import Manner, Part, Setting, of_number, parts_of
from wetread.readers.answers.keys import KEYS, by_name, plain_key, strong, words_of
from wetread.readers.answers.lexicon import lexicon_for
from wetread.readers.answers.merging import merge_calls
from wetread.readers.answers.parts import (
    abstention,
    differential_of,
    flat,
    impression_of,
    impression_texts,
    quality_of,
    recommendations_of,
    reservations,
    said_in_passing,
)
from wetread.readers.answers.prose import ABSENT, BLIND, CRITICAL, spoken
from wetread.readers.answers.scales import FIVE_NUMBERS, FREE_TEXT, claimed, scale_of
from wetread.readers.answers.settle import settled
from wetread.readers.answers.understood import (
    NON_DIAGNOSTIC,
    OTHER,
    OURS,
    SEEN,
    Dropped,
    Understood,
    more_urgent,
)
from wetread.readers.prompts import Sheet

MOST_DROPPED = 100
LISTED = Manner()
URGENT = (Priority.P1, Priority.P2)
LOWER = (Priority.P4, Priority.P5)
NON_DIAGNOSTIC_CODE = "wr:image-quality-non-diagnostic"
MANNERS = {
    "findings": Manner(narrative=True),
    "abnormalities": LISTED,
    "other_findings": LISTED,
    "critical_findings": CRITICAL,
    "diagnosis": LISTED,
    "absent": ABSENT,
    "not_assessable": BLIND,
}


def understand(
    raw: str, sheet: Sheet, views: Iterable[View], *, compared: bool = False, numbers: str = FIVE_NUMBERS
) -> Understood:
    """What an answer says of the sheet's checklist and beyond.

    views: those of the call, in their order; compared: an earlier report was sent, so change can be spoken of;
    numbers: the scale of a bare 1-5 (a name of clinical/schemes.toml).
    Raises: AnswerUnusable, with the raw text, where no read can be made of it: it is never "nothing found".
    """
    try:
        heard = hear(raw)
        if heard.cut:
            raise AnswerUnusable("the answer is cut off before its end: ask for it again", raw=raw)
        return _finished(_heard(heard, _setting(sheet, views, compared=compared, numbers=numbers)), sheet, raw)
    except AnswerUnusable as problem:
        raise AnswerUnusable(*problem.args, raw=raw) from None


def salvage(raw: str, sheet: Sheet, views: Iterable[View] = ()) -> Understood:
    """Of an answer that can't be used: whole findings called present or uncertain, and an urgent claim.

    What it can't do is lower: no absence, no P3 to P5, no quality is taken from a broken answer.
    Raises: AnswerUnusable where nothing in it would raise the urgency.
    """
    try:
        told = _heard(hear(raw), _setting(sheet, views, compared=False, numbers=FIVE_NUMBERS))
    except AnswerUnusable as problem:
        raise AnswerUnusable(*problem.args, raw=raw) from None
    claim = told.priority_claim if told.priority_claim in URGENT else None
    if not told.seen and claim is None:
        raise AnswerUnusable("the broken answer holds no whole finding that is present or uncertain", raw=raw)
    text = "The answer was broken: only what it called present or uncertain was kept, the rest is not assessed."
    kept = Understood(
        form=told.form,
        scheme=told.scheme,
        findings=told.seen,
        priority_claim=claim,
        limitations=(Limitation(code="answer_incomplete", text=text),),
        dropped=told.dropped,
        original=raw,
    )
    return _with_unanswered(kept, sheet)


def _setting(sheet: Sheet, views: Iterable[View], *, compared: bool, numbers: str) -> Setting:
    return Setting(
        sheet=sheet, views=tuple(views), lexicon=lexicon_for(sheet), compared=compared, ours=False, numbers=numbers
    )


def _heard(heard: Heard, setting: Setting) -> Understood:
    if heard.prose is not None:
        return _from_prose(heard.prose, setting, heard.form)
    drafts = [_from_answer(answer, setting, heard.form) for answer in heard.objects]
    if not drafts:
        return Understood(form=heard.form, scheme=FREE_TEXT)
    return drafts[0] if len(drafts) == 1 else merge_calls(tuple(drafts))


def _from_prose(text: str, setting: Setting, form: str) -> Understood:
    told = spoken(text, setting)
    findings = settled(_only_findings(told.parts), blind_wins=True)
    if told.declined and not any(finding.presence in SEEN for finding in findings):
        raise AnswerUnusable(f"it declines to read: {told.declined}")
    if not findings:
        raise AnswerUnusable("the answer is prose without a finding that the vocabulary knows")
    codes = {finding.code for finding in findings if finding.presence in SEEN}
    return Understood(
        form=form,
        scheme=FREE_TEXT,
        findings=findings,
        priority_claim=more_urgent(told.claim, *_only_claims(told.parts)),
        impression=tuple(item for item in told.impression if set(item.cites) <= codes),
        dropped=_only_dropped(told.parts),
    )


def _from_answer(answer: Mapping[str, Any], setting: Setting, form: str) -> Understood:
    """One JSON object, in our schema or another."""
    fields = by_name(answer, KEYS.answer)
    setting = replace(setting, ours=_is_ours(fields))
    parts = [*_parts(fields, setting), *_claims_unknown(fields, setting)]
    findings = settled(_only_findings(parts), blind_wins=True)
    told = impression_texts(fields.get("impression", ()))
    passing = tuple(said_in_passing(told, findings, setting))
    findings = settled((*findings, *passing), blind_wins=True)
    items = tuple(impression_of(fields.get("impression", ()), findings))
    urgencies = fields.get("urgency", [])
    claim = claimed(list(urgencies), setting.numbers, ours=setting.ours)
    first = next(iter(flat(urgencies)), None)
    return Understood(
        form=form,
        scheme=OURS if setting.ours else scale_of(first, setting.numbers) or FREE_TEXT,
        findings=findings,
        quality=quality_of(fields.get("quality", ())),
        priority_claim=more_urgent(claim, *_only_claims(parts)),
        impression=tuple(item for item in items if isinstance(item, ImpressionItem)),
        differential=differential_of(fields.get("differential", ()), setting.lexicon, ours=setting.ours),
        recommendations=recommendations_of(fields.get("recommendations", ())),
        limitations=reservations(fields.get("limitations", ())),
        abstained=abstention(fields.get("abstain", ())),
        dropped=(*_only_dropped(parts), *(item for item in items if isinstance(item, Dropped))),
    )


def _is_ours(fields: Mapping[str, list[Any]]) -> bool:
    """True where the answer uses our codes."""
    listed = [item for name in ("findings", "absent", "not_assessable") for item in flat(fields.get(name, ()))]
    told = (item.get("code") if isinstance(item, dict) else item for item in listed)
    return any(isinstance(code, str) and code.strip().casefold().startswith("wr:") for code in told)


def _parts(fields: Mapping[str, list[Any]], setting: Setting) -> Iterator[Part]:
    """Every finding of every list, whatever form the list has."""
    for name, manner in MANNERS.items():
        for value in fields.get(name, ()):
            yield from _listed(value, setting, manner, depth=0)
    for text in (value for value in flat(fields.get("prose", ())) if isinstance(value, str)):
        told = spoken(text, setting)
        yield from told.parts
        if told.claim is not None:
            yield told.claim


def _listed(value: Any, setting: Setting, manner: Manner, *, depth: int) -> Iterator[Part]:  # noqa: ANN401 - any JSON value
    """A list of findings, a table of names, one finding, or a text."""
    if isinstance(value, list) and depth < 3:
        for item in value:
            yield from _listed(item, setting, manner, depth=depth + 1)
    elif isinstance(value, dict) and depth < 3 and not _names_itself(value):
        rows = () if depth == 0 and strong(value) else value.items()  # an answer inside is read as one of its own
        for name, inner in rows:
            yield from _row(str(name), inner, setting, manner)
    elif isinstance(value, str) and depth == 0 and manner.narrative:
        yield from spoken(value, setting).parts
    else:
        yield from parts_of(value, setting, manner)


def _names_itself(item: Mapping[str, Any]) -> bool:
    return any(KEYS.item.get(plain_key(key)) in ("code", "name") for key in item)


def _row(name: str, value: Any, setting: Setting, manner: Manner) -> Iterator[Part]:  # noqa: ANN401 - any JSON value
    """One row of a table: a name with a presence, an object, a number or a text."""
    if isinstance(value, dict):
        yield from parts_of({"name": name, **value}, setting, manner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        presence = of_number(value)
        told = {"presence": presence.value} if presence else {}
        yield from parts_of({"name": name, "confidence": value, **told}, setting, manner)
    elif isinstance(value, list):
        for item in value:
            yield from parts_of(item, setting, replace(manner, strict=False))
    elif isinstance(value, bool) or plain_key(value) in words_of("presence"):
        yield from parts_of({"name": name, "presence": value}, setting, manner)
    elif isinstance(value, str):
        yield from parts_of(f"{name}: {value}", setting, replace(manner, strict=False))


def _claims_unknown(fields: Mapping[str, list[Any]], setting: Setting) -> Iterator[Dropped]:
    """A word of urgency that no scale knows is told, never taken for routine."""
    for value in flat(fields.get("urgency", ())):
        unknown = claimed(value, setting.numbers, ours=setting.ours) is None
        if unknown and value is not None and plain_key(value) not in ("", "notstated"):
            yield Dropped(what=f"urgency {value!r}"[:80], why="no scale of urgency has this word")


def _only_findings(parts: Iterable[Part]) -> list[Finding]:
    return [part for part in parts if isinstance(part, Finding)]


def _only_claims(parts: Iterable[Part]) -> list[Priority]:
    return [part for part in parts if isinstance(part, Priority)]


def _only_dropped(parts: Iterable[Part]) -> tuple[Dropped, ...]:
    return tuple(dict.fromkeys(part for part in parts if isinstance(part, Dropped)))[:MOST_DROPPED]


def _finished(told: Understood, sheet: Sheet, raw: str) -> Understood:
    """The answer held to the rules: what non-diagnostic pictures can't show, who abstained, what was not answered."""
    told = _without_blind_absences(_with_quality_code(told))
    if told.abstained is not None:
        told = _abstaining(told)
    judged = any(f.presence is not Presence.NOT_ASSESSABLE for f in told.findings)
    blind = told.quality is not None and told.quality.grade == NON_DIAGNOSTIC
    urgent = told.priority_claim in URGENT
    if not judged and told.abstained is None and not blind and not urgent:
        if not told.findings:
            raise AnswerUnusable("the answer says nothing of any finding")
        told = replace(told, abstained="it called every finding it named not assessable")
    by_code = any(f.presence is not Presence.NOT_ASSESSABLE and f.code != OTHER for f in told.findings)
    if told.priority_claim in LOWER and not by_code:
        told = replace(told, priority_claim=None)
    limitations = tuple(dict.fromkeys((*told.limitations, *sheet.limitations)))
    return _with_unanswered(replace(told, limitations=limitations, original=raw), sheet)


def _with_quality_code(told: Understood) -> Understood:
    """A finding that the pictures are non-diagnostic says so of their quality too."""
    from_code = any(f.code == NON_DIAGNOSTIC_CODE and f.presence is Presence.PRESENT for f in told.findings)
    return replace(told, quality=quality_of([NON_DIAGNOSTIC])) if from_code else told


def _without_blind_absences(told: Understood) -> Understood:
    if told.quality is None or told.quality.grade != NON_DIAGNOSTIC:
        return told
    return replace(told, findings=tuple(map(_unjudged, told.findings)))


def _unjudged(finding: Finding) -> Finding:
    return replace(finding, presence=Presence.NOT_ASSESSABLE) if finding.presence is Presence.ABSENT else finding


def _abstaining(told: Understood) -> Understood:
    """Who declines and still claims something is heard; who declines and claims nothing has read nothing."""
    if told.seen or told.priority_claim in URGENT:
        note = Limitation(code="reader_reservation", text=f"The reader also declined to read: {told.abstained}")
        return replace(told, abstained=None, limitations=(*told.limitations, note))
    return replace(told, findings=tuple(map(_unjudged, told.findings)), priority_claim=None, impression=())


def _with_unanswered(told: Understood, sheet: Sheet) -> Understood:
    """A critical code that was not answered is not assessable: silence is no absence."""
    answered = {finding.code for finding in told.findings}
    silent = [
        Finding(code=code, presence=Presence.NOT_ASSESSABLE) for code in sheet.critical_codes if code not in answered
    ]
    return replace(told, findings=settled((*told.findings, *silent), blind_wins=True))
