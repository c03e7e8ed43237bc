"""One finding as an answer gives it, a text or an object, as a coded finding. What the vocabulary lacks is wr:other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from wetread.domain.finding import Evidence, Finding, Laterality, Presence, Size
from wetread.domain.urgency import Priority
from wetread.domain.view import View
from wetread.domain.vocabulary import Term
from wetread.readers.answers.keys import KEYS, by_name, plain_key, tables, words_of
from wetread.readers.answers.lexicon import Lexicon, language, phrase, tokens
from wetread.readers.answers.places import number, picture, place
from wetread.readers.answers.refusals import declines
from wetread.readers.answers.scales import claimed, stated
from wetread.readers.answers.statements import Statement, sentences, statements
from wetread.readers.answers.tolerant import Several
from wetread.readers.answers.understood import OTHER, SEEN, Dropped, loudness, plainly
from wetread.readers.prompts import Sheet
from wetread.readers.prompts.examinations import checklist_rules

LONGEST_RATIONALE = 240
LONGEST_LOCATION = 80
LONGEST_NAME = 400
LARGEST_SIZE_MM = 1000.0
MOST_VALUES = 4
DENIED_WITHIN = 5  # words before an alarm
DECLINED = "it declines to read"
HEALTHY = "that something is as it should be is no finding"
Part = Finding | Dropped | Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an answer is understood with. `ours` is true where it follows our schema, `numbers` the scale of a bare 1-5.

    `compared` is true where an earlier report was sent, so that change can be spoken of.
    """

    sheet: Sheet
    views: tuple[View, ...]
    lexicon: Lexicon
    compared: bool
    ours: bool
    numbers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a list of an answer speaks: what its items are unless they say so, and whether they are called critical.

    `strict` lists hold findings, so that an item without a code is a finding all the same; where a list may as well
    be a report in sentences (`narrative`), a text in its place is read as one.
    """

    presence: Presence = Presence.PRESENT
    critical: bool = False
    strict: bool = True
    narrative: bool = False


def parts_of(item: Any, setting: Setting, manner: Manner) -> Iterator[Part]:  # noqa: ANN401 - any JSON value
    """The findings of one item, and what was dropped of it."""
    if isinstance(item, str):
        yield from _from_text(item, setting, manner)
    elif isinstance(item, dict):
        yield from _from_object(item, setting, manner)
    elif item is not None:
        yield Dropped(what=plainly(repr(item), 80), why="it is no finding")


def coded(word: str, setting: Setting) -> Term | None:
    """The term of a code in any case of letters, with or without its prefix, or of a whole label."""
    code = word.strip().casefold().replace("_", "-")
    for spelt in (code, f"wr:{code}", "wr:" + "-".join(phrase(word.removeprefix("wr:")))):
        if spelt in setting.sheet.vocabulary.terms:
            return setting.sheet.vocabulary.terms[spelt]
    return setting.lexicon.exact(word.removeprefix("wr:").replace("-", " ").replace("_", " "))


def says_nothing_wrong(text: str, *, strict: bool) -> bool:
    """True where a text says that something is normal, and calls nobody."""
    words = phrase(text)
    if alarms(text):
        return False
    starts = any(words[: len(run)] == run for run in _runs("healthy", "starts"))
    says = (*_runs("healthy", "says"), *(() if strict else _runs("healthy", "loosely")))
    return not words or starts or any(at >= 0 for run in says for at in [_place(run, words)])


def alarms(text: str) -> bool:
    """True where a text calls for a human at once and does not deny it."""
    words, denials = phrase(text), set(language()["alarm"]["denials"])
    for run in _runs("alarm", "words"):
        at = _place(run, words)
        place = at >= 0 and any(words[at : at + len(name)] == name for name in _runs("alarm", "places"))
        if at >= 0 and not place and not denials & set(words[max(0, at - DENIED_WITHIN) : at]):
            return True
    return False


@cache
def _runs(table: str, row: str) -> tuple[tuple[str, ...], ...]:
    return tuple(phrase(text) for text in language()[table][row])


def _place(run: tuple[str, ...], words: tuple[str, ...]) -> int:
    """Where a run of words begins in others; -1 where it does not stand."""
    return next((at for at in range(len(words) - len(run) + 1) if words[at : at + len(run)] == run), -1)


def _from_text(text: str, setting: Setting, manner: Manner) -> Iterator[Part]:
    term = coded(text[:LONGEST_NAME], setting)
    if term is not None:
        yield from _kept(Finding(code=term.code, presence=manner.presence, claims_critical=manner.critical))
        return
    for sentence in sentences(text):
        if declines(sentence):
            yield Dropped(what=plainly(sentence, LONGEST_RATIONALE), why=DECLINED)
            continue
        said = list(statements(sentence, setting.lexicon))
        critical = manner.critical or (bool(said) and alarms(sentence))
        rationale = plainly(sentence, LONGEST_RATIONALE)
        for statement in said:
            yield from _kept(_of_statement(statement, setting, manner, rationale=rationale, critical=critical))
        if not said:
            yield from _unmatched(sentence, setting, manner)


def _of_statement(statement: Statement, setting: Setting, manner: Manner, *, rationale: str, critical: bool) -> Finding:
    presence = statement.presence if manner.presence is Presence.PRESENT else manner.presence
    return Finding(
        code=statement.term.code,
        presence=presence,
        laterality=statement.side,
        temporal="unchanged" if statement.unchanged and setting.compared and presence in SEEN else None,
        rationale=rationale,
        claims_critical=presence in SEEN and critical,
    )


def _unmatched(text: str, setting: Setting, manner: Manner) -> Iterator[Part]:
    """A text without a code: another finding where it stands in a list of findings or raises an alarm."""
    shown = plainly(text, LONGEST_RATIONALE)
    named = any(match.term for match in setting.lexicon.matches(tokens(text)))
    if manner.presence not in SEEN or not any(c.isalnum() for c in shown):
        yield Dropped(what=shown, why="the vocabulary has no such finding")
    elif alarms(text) or (manner.strict and not named and not says_nothing_wrong(text, strict=manner.critical)):
        critical = manner.critical or alarms(text)
        yield Finding(code=OTHER, presence=Presence.PRESENT, rationale=shown, claims_critical=critical)
    else:
        yield Dropped(what=shown, why="it speaks of no finding that is there" if named else HEALTHY)


def _kept(finding: Finding) -> Iterator[Part]:
    """The finding, unless it is a code that claims a study without findings."""
    if finding.code in checklist_rules()["never"] and finding.code != OTHER:
        yield Dropped(what=finding.code, why=HEALTHY)
    else:
        yield finding


def _from_object(item: Mapping[str, Any], setting: Setting, manner: Manner) -> Iterator[Part]:
    fields = by_name(item, KEYS.item)
    names = [text[:LONGEST_NAME] for text in (*_texts(fields.get("code")), *_texts(fields.get("name")))]
    given = _presence(fields)
    claim = claimed(by_name(item, KEYS.answer).get("urgency"), setting.numbers, ours=setting.ours)
    critical = manner.critical or claim is Priority.P1 or _flag(fields)
    if claim is not None and claim.rank <= Priority.P3.rank and given not in (Presence.ABSENT, Presence.NOT_ASSESSABLE):
        yield claim
    named = list(_named(names, given, setting))
    if not named:
        yield from _other(names, fields, given or manner.presence, setting=setting, critical=critical)
        return
    for term, said, side in named:
        presence = _together(given, said, manner.presence)
        base = Finding(code=term.code, presence=presence, laterality=side)
        yield from _detailed(base, fields, setting, critical=critical)


def _named(
    names: Sequence[str], given: Presence | None, setting: Setting
) -> Iterator[tuple[Term, Presence | None, Laterality | None]]:
    """The terms an item names: by its code, by a whole label, else by what its text says."""
    for name in names:
        term = coded(name, setting)
        if term is not None:
            yield term, None, None
            return
    for name in names:
        said = [statement for sentence in sentences(name) for statement in statements(sentence, setting.lexicon)]
        for statement in said:
            yield statement.term, statement.presence, statement.side
        if said:
            return
        if given in SEEN:
            terms = [match.term for match in setting.lexicon.matches(tokens(name)) if match.term]
            yield from ((term, None, None) for term in terms)
            if terms:
                return


def _together(given: Presence | None, said: Presence | None, default: Presence) -> Presence:
    """What the field and the text say together: where they contradict each other, uncertain."""
    if given is None:
        return said or default
    if given is Presence.PRESENT and said is Presence.ABSENT:
        return Presence.UNCERTAIN
    return given


def _other(
    names: Sequence[str],
    fields: Mapping[str, list[Any]],
    presence: Presence,
    *,
    setting: Setting,
    critical: bool,
) -> Iterator[Part]:
    """An item that names no code: kept as wr:other with its words, if it says that something is there."""
    told = ": ".join(
        dict.fromkeys(plainly(text) for text in (*names, *_texts(fields.get("rationale"))) if text.strip())
    )
    if not any(c.isalnum() for c in told):
        yield Dropped(what=plainly(repr(dict(fields)), 80), why="it names no finding")
    elif declines(told):
        yield Dropped(what=plainly(told, LONGEST_RATIONALE), why=DECLINED)
    elif presence not in SEEN:
        yield Dropped(what=plainly(told, LONGEST_RATIONALE), why="the vocabulary has no such finding")
    elif not critical and names and says_nothing_wrong(names[-1], strict=True):
        yield Dropped(what=plainly(told, LONGEST_RATIONALE), why=HEALTHY)
    else:
        base = Finding(code=OTHER, presence=presence, rationale=plainly(told, LONGEST_RATIONALE))
        yield from _detailed(base, fields, setting, critical=critical or alarms(told))


def _detailed(base: Finding, fields: Mapping[str, list[Any]], setting: Setting, *, critical: bool) -> Iterator[Part]:
    """The finding with its side, place, size and the rest, and what of that could not be kept."""
    view = picture(_first(fields, "image"), setting.views)
    evidence, dropped = place(_first(fields, "box"), _first(fields, "grid"), view)
    yield from dropped
    seen = base.presence in SEEN
    if critical and not seen:
        yield Dropped(what=f"{base.code}: critical", why=f"it is called {base.presence.value.replace('_', ' ')}")
    temporal, size = _temporal(fields, setting), _size(fields, view, setting)
    if _first(fields, "size_mm") is not None and size is None:
        yield Dropped(what=f"{base.code}: size", why="a size needs a positive number and known millimetres per pixel")
    if isinstance(temporal, Dropped):
        yield temporal
    location = _text(fields, "location", LONGEST_LOCATION)
    confidence, kind = _confidence(fields, setting)
    yield from _kept(
        Finding(
            code=base.code,
            presence=base.presence,
            confidence_raw=confidence,
            confidence_kind=kind,
            laterality=_side(fields) or base.laterality or _side_in(location),
            location=location,
            severity=_severity(fields),
            size=size if seen else None,
            rationale=base.rationale or _text(fields, "rationale", LONGEST_RATIONALE),
            temporal=None if isinstance(temporal, Dropped) else temporal,
            claims_critical=critical and seen,
            evidence=_only(evidence) if seen else (),
        )
    )


def _only(evidence: Evidence | None) -> tuple[Evidence, ...]:
    return () if evidence is None else (evidence,)


def _texts(values: Sequence[Any] | None) -> list[str]:
    flat = [part for value in values or () for part in (value if isinstance(value, list) else [value])]
    return [text for text in flat if isinstance(text, str) and text.strip()][:MOST_VALUES]


def _text(fields: Mapping[str, list[Any]], name: str, most: int) -> str | None:
    return plainly("; ".join(_texts(fields.get(name))), most) or None


def _first(fields: Mapping[str, list[Any]], name: str) -> Any:  # noqa: ANN401 - any JSON value
    values = [value for value in fields.get(name, ()) if value is not None]
    value = values[0] if values else None
    return value[0] if isinstance(value, Several) and value else value


def _presence(fields: Mapping[str, list[Any]]) -> Presence | None:
    """The loudest presence that is given; an unknown word is uncertain, never absent."""
    given = [_of_word(value) or Presence.UNCERTAIN for value in _flat(fields.get("presence"))]
    given += [presence for value in _flat(fields.get("standing")) if (presence := _of_word(value)) is not None]
    return max(given, key=loudness) if given else None


def _flat(values: Sequence[Any] | None) -> list[Any]:
    flat = [part for value in values or () for part in (value if isinstance(value, list) else [value])]
    return [part for part in flat if part is not None and part != ""][:MOST_VALUES]


def _of_word(value: Any) -> Presence | None:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        return Presence.PRESENT if value else Presence.ABSENT
    if isinstance(value, int | float):
        return of_number(value)
    word = words_of("presence").get(plain_key(value))
    return Presence(word) if word else None


def of_number(value: float) -> Presence | None:
    """A presence from a bare number 0-1 or per cent: present, uncertain or absent by the table's limits."""
    told = number(value)
    if told is None or not 0 <= told <= 100:
        return None
    share, limits = (told / 100 if told > 1 else told), tables()["number"]
    if share >= limits["present_from"]:
        return Presence.PRESENT
    return Presence.UNCERTAIN if share >= limits["uncertain_from"] else Presence.ABSENT


def _flag(fields: Mapping[str, list[Any]]) -> bool:
    """True where any field calls the finding critical, in words or as its severity."""
    words = {plain_key(value) for value in _flat(fields.get("critical"))}
    severities = {plain_key(value) for value in _flat(fields.get("severity"))}
    return bool(words & {"true", "yes", "1", "critical"} or severities & {"critical", "lifethreatening"})


def _side(fields: Mapping[str, list[Any]]) -> Laterality | None:
    words = [words_of("side").get(plain_key(value)) for value in _flat(fields.get("side"))]
    sides = {Laterality(word) for word in words if word}
    return Laterality.BILATERAL if {Laterality.LEFT, Laterality.RIGHT} <= sides else min(sides, default=None)


def _side_in(location: str | None) -> Laterality | None:
    words = {words_of("side").get(word) for word in phrase(location or "") if len(word) > 1}
    sides = words & {"left", "right", "bilateral"}
    named = sorted(side for side in sides if side)
    return Laterality(named[0]) if len(named) == 1 else Laterality.BILATERAL if named else None


def _severity(fields: Mapping[str, list[Any]]) -> str | None:
    words = [plainly(str(value), 40).casefold() for value in _flat(fields.get("severity"))]
    return next((word for word in words if word in tables()["severity"]["words"]), None)


def _confidence(fields: Mapping[str, list[Any]], setting: Setting) -> tuple[float | None, str | None]:
    given = [stated(value, ours=setting.ours) for value in _flat(fields.get("confidence"))]
    return max((pair for pair in given if pair[0] is not None), key=lambda pair: pair[0] or 0, default=(None, None))


def _temporal(fields: Mapping[str, list[Any]], setting: Setting) -> str | Dropped | None:
    words = [plain_key(value) for value in _flat(fields.get("change"))]
    word = next((word for word in words if word in tables()["change"]["words"]), None)
    if word is None or setting.compared:
        return word
    return Dropped(what=f"change: {word}", why=tables()["change"]["against_nothing"])


def _size(fields: Mapping[str, list[Any]], view: View | None, setting: Setting) -> Size | None:
    """A size needs the scale of its picture, or of every picture where it names none."""
    value = number(_first(fields, "size_mm"))
    views = (view,) if view is not None else setting.views
    known = bool(views) and all(each.spacing_mm is not None for each in views)
    if value is None or not known or not 0 < value <= LARGEST_SIZE_MM:
        return None
    return Size(value=value, unit="mm", method="model_estimate")
