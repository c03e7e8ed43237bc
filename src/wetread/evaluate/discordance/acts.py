"""What humans did with AI's findings: accepted, edited, rejected; and what they added. Nobody is named."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wetread.domain.review import Verdict
from wetread.evaluate.discordance.counts import Rate, rate
from wetread.evaluate.discordance.record import Act, Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedOn:
    """Decisions on one finding."""

    code: str
    label: str
    decided: int
    accept: Rate
    edit: Rate
    reject: Rate
    added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Decisions of the period. The shares are of the findings of AI that were decided on (`decided`).

    `added` findings came from the human alone, in `studies_with_added` of all studies that AI had read.
    `presence_changed` and `side_changed` say what edits did.
    """

    studies: int
    decided: int
    accept: Rate
    edit: Rate
    reject: Rate
    added: int
    studies_with_added: Rate
    presence_changed: int
    side_changed: int
    by_finding: tuple[DecidedOn, ...]


def decided(with_ai: Sequence[Kept], *, labels: Mapping[str, str], code: str | None, least: int) -> Decided:
    """The decisions that counted when these reports were signed; `code` narrows them to one finding."""
    acts = list(_acts(with_ai, code))
    counts = Counter(act.verdict for act in acts)
    on_ai = sum(counts.values()) - counts[Verdict.ADD]
    adding = sum(any(act.verdict is Verdict.ADD for act in _acts([one], code)) for one in with_ai)
    return Decided(
        studies=len(with_ai),
        decided=on_ai,
        accept=rate(counts[Verdict.ACCEPT], on_ai, least),
        edit=rate(counts[Verdict.EDIT], on_ai, least),
        reject=rate(counts[Verdict.REJECT], on_ai, least),
        added=counts[Verdict.ADD],
        studies_with_added=rate(adding, len(with_ai), least),
        presence_changed=sum(act.presence_changed for act in acts),
        side_changed=sum(act.side_changed for act in acts),
        by_finding=tuple(_by_finding(acts, labels, least)),
    )


def _acts(kept: Iterable[Kept], code: str | None) -> Iterator[Act]:
    return (act for one in kept for act in one.told.acts if code in {None, act.code})


def _by_finding(acts: Sequence[Act], labels: Mapping[str, str], least: int) -> Iterator[DecidedOn]:
    counts: dict[str, Counter[Verdict]] = {}
    for act in acts:
        counts.setdefault(act.code, Counter())[act.verdict] += 1
    for code, told in sorted(counts.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        on_ai = sum(told.values()) - told[Verdict.ADD]
        yield DecidedOn(
            code=code,
            label=labels.get(code, code),
            decided=on_ai,
            accept=rate(told[Verdict.ACCEPT], on_ai, least),
            edit=rate(told[Verdict.EDIT], on_ai, least),
            reject=rate(told[Verdict.REJECT], on_ai, least),
            added=told[Verdict.ADD],
        )
