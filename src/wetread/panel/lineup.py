"""Line findings up: an absence without a side, and one disease that two readers tell more and less exactly."""

from wetread.domain.finding import Finding, Presence
from wetread.panel.ballots import Key, Row, Rows, Vote, add_marks, by_key, loudness, put
from wetread.panel.rulebook import Rulebook


def line_up(rows: Rows, book: Rulebook) -> None:
    """Change the rows in place, the least exact code first, so that what moves down can move on."""
    _spread_absences(rows, book)
    for key in sorted(rows, key=lambda key: (len(book.above(key[0])), *by_key(key))):
        below = sorted((k for k in rows if k[1] == key[1] and book.is_under(k[0], key[0])), key=by_key)
        if not below:
            continue
        target = _one_disease(rows, key, below, book)
        if target is None:
            _imply(rows, key, below)
        else:
            _move(rows, key, target)


def _spread_absences(rows: Rows, book: Rulebook) -> None:
    """An absence without a side speaks of both: it contradicts a reader who sees the finding on one of them."""
    for code in sorted({code for code, side in rows if side is None}):
        plain = rows[code, None]
        if any(vote.presence is not Presence.ABSENT for vote in plain.votes):
            continue
        targets = [key for key in rows if _denied(rows[key], key, code, book)]
        for key in targets:
            for vote in plain.votes:
                add = add_marks if vote.reader in rows[key].readers else put
                add(rows[key], vote.as_of(*key))
            if key[0] != code:
                rows[key].told_as |= {(vote.reader, code) for vote in plain.votes}
            rows[key].told_as |= plain.told_as
        if targets:
            del rows[code, None]


def _denied(row: Row, key: Key, code: str, book: Rulebook) -> bool:
    """True where an absence of `code` without a side speaks against this row."""
    return (key[0] == code and key[1] is not None) or (book.is_under(key[0], code) and row.stands)


def _one_disease(rows: Rows, key: Key, below: list[Key], book: Rulebook) -> Key | None:
    """The row in which a less exact one comes to stand: the most exact that is present, if all speak of one thing."""
    present = [other for other in below if rows[other].stands]
    if not present:
        return None
    exact = max(present, key=lambda other: (len(book.above(other[0])), *by_key(other)))
    if any(other != exact and not book.is_under(exact[0], other[0]) for other in present):
        return None
    seers = {vote.reader for vote in rows[key].votes if vote.sees}
    deniers = {vote.reader for vote in rows[exact].votes if vote.presence is Presence.ABSENT}
    return None if seers & deniers else exact


def _move(rows: Rows, key: Key, target: Key) -> None:
    """The less exact row's votes join the exact one, which keeps its code."""
    row, exact = rows.pop(key), rows[target]
    for vote in row.votes:
        put(exact, vote.as_of(*target))
    exact.told_as |= row.told_as | {(vote.reader, key[0]) for vote in row.votes}


def _imply(rows: Rows, key: Key, below: list[Key]) -> None:
    """Who sees the disease exactly sees it: the less exact row that stays must not call it absent."""
    row = rows[key]
    loudest: dict[str, Vote] = {}
    for other in below:
        for vote in rows[other].votes:
            known = loudest.get(vote.reader)
            if vote.sees and (known is None or loudness(vote.finding) > loudness(known.finding)):
                loudest[vote.reader] = vote
    for reader, vote in sorted(loudest.items()):
        if reader not in row.readers:
            bare = Finding(code=vote.finding.code, presence=vote.presence)
            implied = Vote(reader=reader, weight=vote.weight, finding=bare, judgement=vote.judgement)
            put(row, implied.as_of(*key))
