"""What sentences say of findings: there, denied, doubted, looked for, once had. The nearest cue in reach wins."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from wetread.domain.finding import Laterality, Presence
from wetread.domain.vocabulary import Term
from wetread.readers.answers.lexicon import Lexicon, Match, folded, language, phrase, tokens

LONGEST_CUE = 8
LONGEST_CLAUSE = 200
SIDE_BEFORE, SIDE_AFTER = 6, 7
LINKS = frozenset({",", "and", "with"})
NO_BORDERS: frozenset[str] = frozenset()
BORDERS = frozenset({",", ":", "and", "or"})
JOINS = frozenset({"or", "nor", "/"})
PLURAL_VERBS = frozenset({"are", "were"})
ANSWERED = re.compile(r"\?\s+(?=(?:no|none|yes|absent|present|negative|positive)\b)", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!;])\s+|(?<=\w\?)\s+|\n+|(?<=[a-z])\.(?=[A-Z])")
WRAPPED = re.compile(r"(?<![.:;!?\n])\n(?=[ \t]*[a-z])")
BULLET = re.compile(r"^[\s>*#\u2022\u25cf\u25aa\-\u2013\u2014]*(?:\d{1,2}[.)]\s+)?[\s*_]*")


class Says(StrEnum):
    """What a cue says of a finding within its reach."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    UNCERTAIN = "uncertain"
    SUGGESTIVE = "suggestive"
    UNCHANGED = "unchanged"
    SILENT = "silent"
    BLIND = "blind"
    NOTHING = "nothing"


PRESENCE = {
    Says.NEGATIVE: Presence.ABSENT,
    Says.POSITIVE: Presence.PRESENT,
    Says.UNCERTAIN: Presence.UNCERTAIN,
    Says.UNCHANGED: Presence.PRESENT,
    Says.BLIND: Presence.NOT_ASSESSABLE,
}
# How far a cue before a finding reaches over a comma or "and": a denial goes on through a list, a doubt does not.
GOES_ON = frozenset({Says.NEGATIVE, Says.SILENT, Says.UNCHANGED, Says.BLIND})


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue in tokens [start, end)."""

    start: int
    end: int
    says: Says


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one sentence says of one term. `unchanged` where it compares with before."""

    term: Term
    presence: Presence
    side: Laterality | None
    unchanged: bool
    sentence: str


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, list items and lines each for themselves, lines that were only wrapped joined."""
    joined = WRAPPED.sub(" ", ANSWERED.sub(": ", text.replace("\r\n", "\n")))
    for part in SENTENCE.split(joined):
        told = BULLET.sub("", part).strip().strip("*_").strip()
        if told:
            yield told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clause:
    """Tokens over whose borders no cue reaches, with the findings and the cues among them."""

    words: tuple[str, ...]
    matches: tuple[Match, ...]
    before: tuple[Cue, ...]
    after: tuple[Cue, ...]


def statements(sentence: str, lexicon: Lexicon) -> Iterator[Statement]:
    """What a sentence says of every finding it names; nothing for what it only looks for or remembers."""
    words = tokens(sentence)
    for first, last in _clauses(words):
        clause = _clause(words[first:last], lexicon)
        for index, match in enumerate(clause.matches):
            says = _said(clause, match) if match.term is not None else Says.SILENT
            if match.term is None or says is Says.SILENT:
                continue
            yield Statement(
                term=match.term,
                presence=_presence(says, match.term),
                side=_side(clause, index),
                unchanged=says is Says.UNCHANGED,
                sentence=sentence,
            )


def _clause(words: tuple[str, ...], lexicon: Lexicon) -> _Clause:
    matches = lexicon.matches(words)
    taken = {at for match in matches for at in range(match.start, match.end)} if matches else set()
    before = _find(words, _cues("before"), taken) if matches else ()
    after = _find(words, _cues("after"), taken) if matches else ()
    return _Clause(words=words, matches=matches, before=before, after=after)


def _presence(says: Says, term: Term) -> Presence:
    """A term that is itself a suspicion ("melanoma suspected") is present where it is suspected."""
    if says is Says.UNCERTAIN and term.label.endswith("suspected"):
        return Presence.PRESENT
    return PRESENCE[says]


def _clauses(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The parts of a sentence over whose borders no cue reaches: at "but", ";", "and there is a", "shows"."""
    start = at = 0
    while at < len(words):
        length = _border(words, at, start)
        if (length or at - start >= LONGEST_CLAUSE) and at > start:
            yield start, at
            start = at
        at += length or 1
        start = at if length else start
    if len(words) > start:
        yield start, len(words)


def _border(words: Sequence[str], at: int, start: int) -> int:
    """How many tokens at `at` end a clause; 0 where none does."""
    ends, opens, articles = _scope()
    phrases = next((len(end) for end in ends if tuple(words[at : at + len(end)]) == end), 0)
    denied = {"no", "not"} & set(words[max(start, at - 2) : at])
    verb = words[at] in opens and not denied
    linked = words[at] in LINKS and bool(articles & set(words[at + 1 : at + 2]))
    sign = words[at] in (";", "?") and at > start
    return phrases or int(verb or linked or sign)


@cache
def _scope() -> tuple[tuple[tuple[str, ...], ...], frozenset[str], frozenset[str]]:
    table = language()["scope"]
    ends = sorted((phrase(text) for text in table["ends"]), key=len, reverse=True)
    single = [frozenset(word for text in table[name] for word in phrase(text)) for name in ("opens", "articles")]
    return tuple(ends), single[0], single[1]


@cache
def _cues(where: str) -> dict[tuple[str, ...], Says]:
    rows = language()[where]
    kinds = [(says, rows.get(says.value, ())) for says in Says]
    return {phrase(text): says for says, texts in kinds for text in texts}


@cache
def _values() -> dict[tuple[str, ...], Says]:
    rows = language()["after"]
    no = {phrase(text): Says.NEGATIVE for text in rows["value_negative"]}
    return {**no, **{phrase(text): Says.POSITIVE for text in rows["value_positive"]}}


@cache
def _modifiers() -> frozenset[str]:
    return frozenset(word for text in language()["scope"]["modifiers"] for word in phrase(text))


def _find(words: Sequence[str], table: dict[tuple[str, ...], Says], taken: set[int]) -> tuple[Cue, ...]:
    """Every cue of a table, the longest at each place, none inside a finding's own words."""
    found, at = [], 0
    while at < len(words):
        hit = None
        for end in range(min(len(words), at + LONGEST_CUE), at, -1):
            says = table.get(tuple(words[at:end]))
            if says is not None and not taken & set(range(at, end)):
                hit = Cue(at, end, says)
                break
        if hit:
            found.append(hit)
        at = hit.end if hit else at + 1
    return tuple(found)


def _said(clause: _Clause, match: Match) -> Says:
    """What the nearest cues say: a value after a colon, then doubt or denial behind the match, then what is before."""
    value = _value(clause, match)
    if value is not None:
        return value
    if _supposed(clause.words, match):
        return Says.SILENT
    after, before = _behind(clause, match), _ahead(clause, match)
    if after in (Says.NEGATIVE, Says.UNCERTAIN, Says.BLIND):
        twice = before is Says.NEGATIVE and after is Says.NEGATIVE and len(clause.matches) == 1
        return Says.UNCERTAIN if twice else after
    if before is not None:
        return before
    if after is Says.UNCHANGED:
        return after
    return Says.UNCERTAIN if clause.words[: match.start][-1:] == ("?",) else Says.POSITIVE


def _supposed(words: Sequence[str], match: Match) -> bool:
    """True behind an "if" that no comma ends: it says nothing of what is there."""
    ahead = words[: match.start]
    return "if" in ahead and "," not in ahead[ahead.index("if") :]


def _value(clause: _Clause, match: Match) -> Says | None:
    """What stands right behind a colon ("Pneumothorax: none")."""
    start = match.end + 1
    if clause.words[match.end : start] != (":",) or any(other.start == start for other in clause.matches):
        return None
    for length in (2, 1):
        says = _values().get(tuple(clause.words[start : start + length]))
        if says is not None:
            return says
    cues = [cue for cue in (*clause.after, *clause.before) if cue.start == start and cue.says is not Says.NOTHING]
    return max(cues, key=lambda cue: cue.end).says if cues else None


def _behind(clause: _Clause, match: Match) -> Says | None:
    """The first cue after a match that speaks of it: over another match only with a plural verb or "or"."""
    words = clause.words
    for cue in clause.after:
        if cue.start < match.end:
            continue
        between = words[match.end : cue.start]
        others = any(match.end <= other.start < cue.start for other in clause.matches)
        shared = bool(PLURAL_VERBS & {*between, *words[cue.start : cue.end]} or JOINS & set(between))
        denied = any(c.says is Says.NEGATIVE and match.end <= c.start < cue.start for c in clause.before)
        apart = not shared if others else "," in between
        return None if denied or apart or ":" in between else cue.says
    return None


def _ahead(clause: _Clause, match: Match) -> Says | None:
    """The nearest cue before a match whose reach comes that far."""
    cues = [cue for cue in clause.before if cue.end <= match.start and cue.says is not Says.NOTHING]
    if not cues:
        return None
    cue = _denied_hint(clause.words, cues[-1], cues) if cues[-1].says is Says.SUGGESTIVE else cues[-1]
    reach = _reaches(clause, cue, match)
    return cue.says if reach is None else reach if reach is not Says.POSITIVE else None


def _denied_hint(words: Sequence[str], hint: Cue, cues: Sequence[Cue]) -> Cue:
    """A hint is a doubt; one that is denied before it in the same breath ("no opacity to suggest") is a denial."""
    denials = [cue for cue in cues if cue.end <= hint.start and cue.says is Says.NEGATIVE]
    denied = bool(denials) and not LINKS & set(words[denials[-1].end : hint.start])
    return replace(hint, says=Says.NEGATIVE if denied else Says.UNCERTAIN)


def _reaches(clause: _Clause, cue: Cue, match: Match) -> Says | None:
    """None where a cue reaches a match, else what the match is instead: doubtful after "no effusion, left …"."""
    words = clause.words
    links = [at for at in range(cue.end, match.start) if words[at] in LINKS or words[at] == ":"]
    if not links:
        return None
    last = links[-1]
    if cue.says not in GOES_ON or words[last] == ":":
        return Says.POSITIVE
    between = words[last + 1 : match.start]
    if JOINS & {*words[cue.end : match.start], *words[match.end :]}:
        return None
    marked = bool(_modifiers() & set(between))
    affirmed = any(c.start >= match.end and c.says in (Says.POSITIVE, Says.UNCHANGED) for c in clause.after)
    if words[last] == "with" or (affirmed and marked):
        return Says.POSITIVE
    return Says.UNCERTAIN if marked else None


@cache
def _side_words() -> dict[str, Laterality]:
    return {folded(word): Laterality(side) for side, words in language()["sides"].items() for word in words}


def _side(clause: _Clause, index: int) -> Laterality | None:
    """The side named nearest to a match, not beyond another match; where there is one, not beyond a comma or "and"."""
    words, matches, match = clause.words, clause.matches, clause.matches[index]
    first, last = index == 0, index + 1 == len(matches)
    low = max(match.start - SIDE_BEFORE, 0 if first else matches[index - 1].end)
    high = min(match.end + SIDE_AFTER, len(words) if last else matches[index + 1].start)
    return (
        _nearest(words[match.start : match.end], NO_BORDERS)
        or _nearest(words[low : match.start][::-1], NO_BORDERS if first else BORDERS)
        or _nearest(words[match.end : high], NO_BORDERS if last else BORDERS)
    )


def _nearest(words: Sequence[str], stop: frozenset[str]) -> Laterality | None:
    """The first side in a run, or both where another is joined to it ("left and right")."""
    for at, word in enumerate(words):
        side = _side_words().get(word)
        if side is not None:
            joined = words[at + 1 : at + 2] in (("and",), ("or",), ("/",))
            other = _side_words().get(words[at + 2]) if joined and at + 2 < len(words) else None
            return side if other in (None, side) else Laterality.BILATERAL
        if word in stop:
            return None
    return None
