"""What an answer says beside its findings: quality, impression, differential, recommendations, reservations."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Diagnosis, ImpressionItem, Quality, Recommendation
from wetread.domain.view import Limitation
from wetread.domain.vocabulary import Term
from wetread.readers.answers.items import Setting, alarms, says_nothing_wrong
from wetread.readers.answers.keys import KEYS, by_name, plain_key, words_of
from wetread.readers.answers.lexicon import Lexicon, phrase
from wetread.readers.answers.scales import stated
from wetread.readers.answers.statements import sentences, statements
from wetread.readers.answers.understood import NON_DIAGNOSTIC, SEEN, Dropped, plainly

DURATION = re.compile(
    r"P(?=[\dT])(?:\d{1,4}Y)?(?:\d{1,4}M)?(?:\d{1,4}W)?(?:\d{1,4}D)?(?:T(?=\d)(?:\d{1,4}H)?(?:\d{1,4}M)?)?"
)
LONGEST_TEXT = 400
LONGEST_REASON = 240
LONGEST_WORD = 60
MOST_ITEMS = 12
MOST_REASONS = 8
URGENT_CATEGORIES = (1, 2)
GRADES = ("diagnostic", "limited", NON_DIAGNOSTIC)
NO_ABSTENTION = frozenset({"", "null", "none", "no", "false", "na", "notapplicable", "nil", "0"})


def flat(values: Iterable[Any]) -> Iterator[Any]:
    """The values, with those that are lists opened."""
    for value in values:
        yield from value if isinstance(value, list) else (value,)


def texts(values: Iterable[Any], most: int) -> tuple[str, ...]:
    """Every text among the values, made plain and short."""
    found = (plainly(value, most) for value in flat(values) if isinstance(value, str))
    return tuple(text for text in found if text)


def worst(grades: Iterable[Quality | None]) -> Quality | None:
    """The worst of several qualities with the issues of all; None where none was given."""
    given = [quality for quality in grades if quality is not None]
    if not given:
        return None
    grade = max((quality.grade for quality in given), key=GRADES.index)
    issues = dict.fromkeys(issue for quality in given for issue in quality.issues)
    return Quality(grade=grade, issues=tuple(sorted(issues))[:MOST_REASONS])


def quality_of(values: Sequence[Any]) -> Quality | None:
    """The quality an answer gives, the worst where it gives several; an unknown word is none."""
    return worst(_quality(value) for value in flat(values))


def _quality(value: Any) -> Quality | None:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        by_key = {plain_key(key): inner for key, inner in value.items()}
        grades = [_quality(each) for each in flat([by_key.get("grade"), by_key.get("quality"), by_key.get("rating")])]
        found = worst(grades)
        issues = texts([by_key.get("issues")], LONGEST_WORD)[:MOST_REASONS]
        return Quality(grade=found.grade, issues=issues) if found else None
    grade = words_of("grade").get(plain_key(value)) if isinstance(value, str) else None
    return Quality(grade=grade) if grade else None


def abstention(values: Sequence[Any]) -> str | None:
    """The reason an answer gives for not reading; None where it reads."""
    for value in flat(values):
        told = value.get("reason", value.get("text", "")) if isinstance(value, dict) else value
        if told is True:
            return "no reason given"
        if isinstance(told, str) and plain_key(told) not in NO_ABSTENTION:
            return plainly(told, LONGEST_REASON)
    return None


def recommendations_of(values: Sequence[Any]) -> tuple[Recommendation, ...]:
    """What an answer suggests; a time that is no ISO 8601 duration is left out."""
    found = [_recommendation(value) for value in flat(values)]
    return tuple(dict.fromkeys(item for item in found if item is not None))[:MOST_ITEMS]


def _recommendation(value: Any) -> Recommendation | None:  # noqa: ANN401 - any JSON value
    fields = by_name(value, KEYS.item) if isinstance(value, dict) else {"name": [value]}
    told = texts([*fields.get("name", ()), *fields.get("action", ())], LONGEST_TEXT)
    if not told:
        return None
    times = [time for time in texts(fields.get("timeframe", ()), LONGEST_WORD) if DURATION.fullmatch(time)]
    modality = texts(fields.get("modality", ()), LONGEST_WORD)
    return Recommendation(text=told[0], modality=next(iter(modality), None), timeframe=next(iter(times), None))


def differential_of(values: Sequence[Any], lexicon: Lexicon | None, *, ours: bool) -> tuple[Diagnosis, ...]:
    """The conditions of a differential: objects, names, or names with a probability."""
    found: dict[str, Diagnosis] = {}
    for diagnosis in _diagnoses(values, lexicon, ours=ours):
        found.setdefault(diagnosis.condition.casefold(), diagnosis)
    return tuple(found.values())[:MOST_ITEMS]


def _diagnoses(values: Sequence[Any], lexicon: Lexicon | None, *, ours: bool) -> Iterator[Diagnosis]:
    for value in flat(values):
        if isinstance(value, str):
            parts = [value] if len(value) <= LONGEST_TEXT else []
            yield from (d for part in parts if (d := _diagnosis({"name": [part]}, lexicon, ours=ours)))
        elif isinstance(value, dict):
            fields = by_name(value, KEYS.item)
            if "name" in fields:
                yield from filter(None, [_diagnosis(fields, lexicon, ours=ours)])
                continue
            for name, probability in list(value.items())[:MOST_ITEMS]:
                told = {"name": [name], "confidence": [probability]}
                yield from filter(None, [_diagnosis(told, lexicon, ours=ours)])


def _diagnosis(fields: dict[str, list[Any]], lexicon: Lexicon | None, *, ours: bool) -> Diagnosis | None:
    names = texts(fields["name"], LONGEST_TEXT)
    if not names:
        return None
    term = lexicon.exact(names[0]) if lexicon else None
    given = [stated(value, ours=ours)[0] for value in flat(fields.get("confidence", ()))]
    return Diagnosis(
        condition=names[0],
        code=term.code if term else None,
        probability=next((value for value in given if value is not None), None),
        reasoning=next(iter(texts(fields.get("rationale", ()), LONGEST_REASON)), None),
        supports=texts(fields.get("supports", ()), LONGEST_REASON)[:MOST_REASONS],
        against=texts(fields.get("against", ()), LONGEST_REASON)[:MOST_REASONS],
    )


def impression_of(values: Sequence[Any], findings: Sequence[Finding]) -> Iterator[ImpressionItem | Dropped]:
    """The sentences of an impression that cite a finding that is there; what cites none is dropped."""
    codes = {finding.code for finding in findings if finding.presence in SEEN}
    for value in list(flat(values))[:MOST_ITEMS]:
        fields = by_name(value, KEYS.item) if isinstance(value, dict) else {}
        told = texts(fields.get("name", ()) if fields else [value], LONGEST_TEXT)
        cited = [code for code in texts(fields.get("codes", ()), LONGEST_WORD) if code in codes]
        for text in told[:1]:
            if cited:
                yield ImpressionItem(text=text, cites=tuple(dict.fromkeys(cited)))
            else:
                yield Dropped(what=text, why="an impression's sentence that cites no finding")


def impression_texts(values: Sequence[Any]) -> tuple[str, ...]:
    """Every text of an impression, cited or not."""
    told = (by_name(v, KEYS.item).get("name", ()) if isinstance(v, dict) else [v] for v in flat(values))
    return tuple(text for each in told for text in texts(each, LONGEST_TEXT))[:MOST_ITEMS]


def said_in_passing(told: Sequence[str], findings: Sequence[Finding], setting: Setting) -> Iterator[Finding]:
    """Urgent findings that only the impression names: kept as uncertain, since report and findings contradict."""
    terms = setting.sheet.vocabulary.terms
    there = [terms[f.code] for f in findings if f.presence in SEEN and f.code in terms]
    for text in told:
        for sentence in sentences(text):
            for said in statements(sentence, setting.lexicon):
                urgent = said.term.acr_category in URGENT_CATEGORIES and said.presence in SEEN
                if urgent and not any(_kin(said.term, term) for term in there):
                    yield Finding(
                        code=said.term.code,
                        presence=Presence.UNCERTAIN,
                        laterality=said.side,
                        rationale=plainly(f"In the impression alone: {sentence}", LONGEST_REASON),
                        claims_critical=alarms(sentence),
                    )


def _kin(one: Term, other: Term) -> bool:
    """True where one label's words are all in the other's ("pneumothorax", "tension pneumothorax")."""
    first, second = set(phrase(one.label)), set(phrase(other.label))
    return first <= second or second <= first


def reservations(values: Sequence[Any]) -> tuple[Limitation, ...]:
    """What the reader itself says it could not cover."""
    told = [text for text in texts(values, LONGEST_REASON) if not says_nothing_wrong(text, strict=True)]
    return tuple(Limitation(code="reader_reservation", text=text) for text in dict.fromkeys(told))[:MOST_REASONS]
