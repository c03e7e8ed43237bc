"""How AI does in service, against what humans signed: by reader, by week, by finding, scanner and patient group.

The truth here is the signed report, corrected where an adjudicator found it wrong. Who signed had AI's answer on the
screen, so figures lean towards agreement: the blinded arm (`bias`) says how far.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from wetread.evaluate.discordance.acts import Decided, decided
from wetread.evaluate.discordance.bias import Bias, bias
from wetread.evaluate.discordance.counts import Rate, Tally
from wetread.evaluate.discordance.record import PANEL, STANDS, WITHDRAWN, Judgement, Kept, Verdicts, truth

NOT_STATED = "(not stated)"
FINDING, VERSION = "finding", "version"
FACTS = ("manufacturer", "model", "station", "modality", "sex", "age")
GROUPS = (FINDING, VERSION, *FACTS)
REMARK = (
    "The truth is the signed report, corrected where an adjudicator found it wrong. Humans saw AI's answer before they "
    "signed, so these figures lean towards agreement; the blinded arm says how far."
)
ALONE = "Intervals take statements as independent; several findings of one study are not quite."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked at: signatures from `since` until before `until`; None takes all. A group is a `by` and its name.

    Raises: ValueError where a group has no name or a name no group.
    """

    since: datetime
    until: datetime
    reader: str | None = None
    code: str | None = None
    by: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        if (self.by is None) != (self.group is None) or (self.by is not None and self.by not in FACTS):
            raise ValueError(f"a group is named by one of {', '.join(FACTS)} and its value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One reader's statements in one part of the period. `week` is its Monday (UTC); None: all of the period.

    `told_both` both tell it, `missed` only the truth does, `overcalled` only AI, `neither` nobody; `hedged`: AI was
    uncertain; `unsure`: the human was, so it does not count.
    """

    reader: str
    by: str | None
    group: str | None
    label: str | None
    week: date | None
    studies: int
    n: int
    told_both: int
    missed: int
    overcalled: int
    neither: int
    hedged: int
    unsure: int
    ppv: Rate
    sensitivity: Rate
    specificity: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What adjudicators said, a code of a report once; `by_signer` of it by who signed.

    `both_right` and `both_wrong` are agreements drawn by chance, the others differences.
    """

    ai_right: int = 0
    human_right: int = 0
    both_right: int = 0
    both_wrong: int = 0
    undecidable: int = 0
    by_signer: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """A finding that humans told and no reader of AI was asked about."""

    code: str
    label: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The whole period: `signed` reports that stand, `with_ai` of them over an answer of AI; `withdrawn` ones."""

    signed: int
    with_ai: int
    withdrawn: int
    readers: tuple[Line, ...]
    adjudicated: Settled
    beyond: tuple[Beyond, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discordance:
    """All of it, for one period."""

    since: datetime
    until: datetime
    reader: str | None
    code: str | None
    by: str | None
    group: str | None
    totals: Totals
    weeks: tuple[Line, ...]
    by_group: tuple[Line, ...]
    decisions: Decided
    bias: Bias
    remarks: tuple[str, ...] = (REMARK, ALONE)


@dataclass(slots=True)
class _Cell:
    """What is counted in one line."""

    tally: Tally = field(default_factory=Tally)
    studies: int = 0


Key = tuple[str, str | None, str | None, date | None]


def discordance(
    kept: Iterable[Kept],
    verdicts: Verdicts,
    asked: Asked,
    *,
    labels: Mapping[str, str],
    least: int,
    own: Collection[tuple[str, str]] = (),
) -> Discordance:
    """The figures of the comparisons that were signed in the period. `labels` are a code's words.

    A share of fewer than `least` is not told. Only reports that stand count, but for the bias, which learns from those
    that were signed anew. `own` are the verdicts that the signer gave.
    """
    chosen = [one for one in kept if asked.since <= one.at < asked.until and _is_in(one, asked)]
    standing = [one for one in chosen if one.state == STANDS]
    cells: defaultdict[Key, _Cell] = defaultdict(_Cell)
    for one in standing:
        _count(one, verdicts, asked, cells)
    lines = [_line(key, cell, labels, least) for key, cell in cells.items()]
    with_ai = [one for one in standing if one.told.has_ai]
    return Discordance(
        **{name: getattr(asked, name) for name in Asked.__slots__},
        totals=Totals(
            signed=len(standing),
            with_ai=len(with_ai),
            readers=tuple(sorted((one for one in lines if one.week is None and one.by is None), key=_order)),
            withdrawn=sum(one.state == WITHDRAWN for one in chosen),
            adjudicated=_settled(standing, verdicts, asked, own),
            beyond=_beyond(with_ai, asked, labels),
        ),
        weeks=tuple(sorted((one for one in lines if one.week is not None), key=_order)),
        by_group=tuple(sorted((one for one in lines if one.by is not None), key=_order)),
        decisions=decided(with_ai, labels=labels, code=asked.code, least=least),
        bias=bias(chosen, verdicts, code=asked.code, least=least),
    )


def monday(at: datetime) -> date:
    """The Monday (UTC) of a moment's week."""
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _is_in(one: Kept, asked: Asked) -> bool:
    return asked.by is None or (one.told.facts.get(asked.by) or NOT_STATED) == asked.group


def _count(one: Kept, verdicts: Verdicts, asked: Asked, cells: defaultdict[Key, _Cell]) -> None:
    """Every statement of one study into each line that it belongs to."""
    week = monday(one.at)
    facts = [(by, one.told.facts.get(by) or NOT_STATED) for by in FACTS]
    so = {code: truth(one, code, verdicts) for code in one.told.human}
    for spoken in one.told.spoken:
        if asked.reader is not None and spoken.reader != asked.reader:
            continue
        said = spoken.codes
        if asked.code is not None:
            said = {code: ai for code, ai in said.items() if code == asked.code}
        if not said:
            continue
        whole = Tally()
        for code, ai in said.items():
            whole.count(ai, so.get(code))
            finding = cells[spoken.reader, FINDING, code, None]
            finding.tally.count(ai, so.get(code))
            finding.studies += 1
        version = [(VERSION, spoken.fingerprint)] if spoken.fingerprint else []
        lines: list[Key] = [(spoken.reader, None, None, None), (spoken.reader, None, None, week)]
        lines += [(spoken.reader, by, group, None) for by, group in (*facts, *version)]
        for key in lines:
            cell = cells[key]
            cell.tally.add(whole)
            cell.studies += 1


def _line(key: Key, cell: _Cell, labels: Mapping[str, str], least: int) -> Line:
    reader, by, group, week = key
    tally = cell.tally
    return Line(
        reader=reader,
        by=by,
        group=group,
        label=labels.get(group, group) if by == FINDING and group else group,
        week=week,
        studies=cell.studies,
        n=tally.n,
        told_both=tally.both,
        missed=tally.missed,
        overcalled=tally.overcalled,
        neither=tally.neither,
        hedged=tally.hedged,
        unsure=tally.unsure,
        ppv=tally.ppv(least),
        sensitivity=tally.sensitivity(least),
        specificity=tally.specificity(least),
    )


def _order(line: Line) -> tuple[object, ...]:
    place = GROUPS.index(line.by) if line.by else -1
    worst = -(line.missed + line.overcalled) if line.by == FINDING else 0
    return line.week or date.min, place, line.reader != PANEL, line.reader, worst, line.group or ""


def _settled(standing: Sequence[Kept], verdicts: Verdicts, asked: Asked, own: Collection[tuple[str, str]]) -> Settled:
    there = {one.report_id for one in standing}
    mine = [key for key in verdicts if key[0] in there and asked.code in {None, key[1]}]
    told = [verdicts[key] for key in mine]
    return Settled(**{one.value: told.count(one) for one in Judgement}, by_signer=sum(key in own for key in mine))


def _beyond(with_ai: Sequence[Kept], asked: Asked, labels: Mapping[str, str]) -> tuple[Beyond, ...]:
    found: dict[str, int] = {}
    for code in (code for one in with_ai for code in one.told.beyond if asked.code in {None, code}):
        found[code] = found.get(code, 0) + 1
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Beyond(code=code, label=labels.get(code, code), n=n) for code, n in ordered)
