"""Ask again where the first answer is in doubt, and say how often the same came back."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Quality, Read, ReadRequest, Usage
from wetread.domain.view import Limitation
from wetread.errors import ReaderError
from wetread.ports import Estimate, Priced, Reader
from wetread.readers.wrappers.charged import charged
from wetread.readers.wrappers.louder import Key, key_of, loudest
from wetread.readers.wrappers.wrapper import Wrapper, trace_of, with_trace

DOUBT_FROM, DOUBT_TO = 0.2, 0.8  # where a further answer is worth its cost; between them nothing is settled
GRADES = ("diagnostic", "limited", "non_diagnostic")
KIND = "self_consistency"


class Consistent(Wrapper):
    """A reader asked up to `runs` times where its first answer is uncertain. Put it inside caches, not around them."""

    def __init__(self, reader: Reader, runs: int) -> None:
        super().__init__(reader)
        self._runs = runs
        if isinstance(reader, Priced):
            self.estimate = self._all_runs

    async def read(self, request: ReadRequest) -> Read:
        """The first read, or where it is in doubt all runs as one.

        Raises: what the reader raises at its first answer; later failures only make the read say so.
        """
        first = await self.reader.read(request)
        if self._runs < 2 or not _in_doubt(first):
            return first
        again = (self.reader.read(request) for _ in range(self._runs - 1))
        answers = await asyncio.gather(*again, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, ReaderError):
                raise answer
        # a repeated answer out of a cache is the same answer, not another
        reads = [first, *(one for one in answers if isinstance(one, Read) and not trace_of(one).cached)]
        problems = [one for one in answers if isinstance(one, ReaderError)]
        return _settled(_joined(reads), problems, asked=self._runs)

    def _all_runs(self, request: ReadRequest) -> Estimate:
        assert isinstance(self.reader, Priced)
        once = self.reader.estimate(request)
        return Estimate(
            input_tokens=once.input_tokens * self._runs,
            output_tokens=once.output_tokens * self._runs,
            cost_usd=None if once.cost_usd is None else once.cost_usd * self._runs,
        )


def _in_doubt(read: Read) -> bool:
    stated = (number for finding in read.findings for number in (finding.probability, finding.confidence_raw))
    return any(finding.presence is Presence.UNCERTAIN for finding in read.findings) or any(
        number is not None and DOUBT_FROM <= number <= DOUBT_TO for number in stated
    )


def _settled(read: Read, problems: Sequence[ReaderError], *, asked: int) -> Read:
    """The read with what its failed runs mean: a limitation, and an unknown cost where they may be billed."""
    if not problems:
        return read
    told = "; ".join(dict.fromkeys(str(problem) or problem.code for problem in problems))
    text = f"{asked - len(problems)} of {asked} runs answered ({told})"
    unknown = any(charged(problem) for problem in problems)
    return replace(
        read,
        limitations=(*read.limitations, Limitation(code="self_consistency_incomplete", text=text)),
        cost_usd=None if unknown else read.cost_usd,
    )


def _joined(reads: Sequence[Read]) -> Read:
    first = reads[0]
    if len(reads) == 1:
        return first
    claims = [read.priority_claim for read in reads if read.priority_claim is not None]
    abnormal = [read.abnormal_probability for read in reads if read.abnormal_probability is not None]
    joined = replace(
        first,
        findings=tuple(_findings(reads)),
        abnormal_probability=max(abnormal, default=None),
        priority_claim=min(claims, key=lambda claim: claim.rank, default=None),
        quality=_worst(read.quality for read in reads),
        limitations=tuple(dict.fromkeys(limit for read in reads for limit in read.limitations)),
        views_read=tuple(dict.fromkeys(view for read in reads for view in read.views_read)),
        cost_usd=_sum(read.cost_usd for read in reads),
        usage=_usage([read.usage for read in reads]),
    )
    return with_trace(joined, attempts=sum(trace_of(read).attempts for read in reads))


def _findings(reads: Sequence[Read]) -> Iterable[Finding]:
    """One per code and side that any run named; a plain absence gives way to a side on which another run sees it."""
    runs = [{key_of(finding): finding for finding in read.findings} for read in reads]
    seen_sides = {key[0] for run in runs for key, finding in run.items() if key[1] is not None and _sees(finding)}
    for key in dict.fromkeys(key for run in runs for key in run):
        said = [run[key] for run in runs if key in run]
        if key[1] is None and key[0] in seen_sides and not any(map(_sees, said)):
            continue
        share = _share(runs, key)
        yield replace(
            loudest(said),
            presence=_presence(runs, key, said, share),
            claims_critical=any(finding.claims_critical for finding in said),
            confidence_raw=share,
            confidence_kind=KIND,
            evidence=next((finding.evidence for finding in said if _sees(finding) and finding.evidence), ()),
        )


def _presence(runs: Sequence[dict[Key, Finding]], key: Key, said: Sequence[Finding], share: float) -> Presence:
    """Present from half of the runs on; less often, or only possible, is uncertain. Nothing seen becomes absent.

    Where half of the runs see it, but on no side as often, that it is there is agreed and only the side is open: it
    stays present on each.
    """
    stances = {finding.presence for finding in said}
    if share >= 0.5 or (Presence.PRESENT in stances and _side_is_open(runs, key[0])):
        return Presence.PRESENT
    if stances & {Presence.PRESENT, Presence.UNCERTAIN}:
        return Presence.UNCERTAIN
    return Presence.ABSENT if stances == {Presence.ABSENT} else Presence.NOT_ASSESSABLE


def _side_is_open(runs: Sequence[dict[Key, Finding]], code: str) -> bool:
    keys = {key for run in runs for key in run if key[0] == code}
    anywhere = sum(any(_present(run.get(key)) for key in keys) for run in runs) / len(runs)
    return anywhere >= 0.5 and all(_share(runs, key) < 0.5 for key in keys)


def _share(runs: Sequence[dict[Key, Finding]], key: Key) -> float:
    """Of all runs, those that say present; a run that is silent on it did not see it again."""
    return sum(_present(run.get(key)) for run in runs) / len(runs)


def _present(finding: Finding | None) -> bool:
    return finding is not None and finding.presence is Presence.PRESENT


def _sees(finding: Finding) -> bool:
    return finding.presence in (Presence.PRESENT, Presence.UNCERTAIN)


def _worst(qualities: Iterable[Quality | None]) -> Quality | None:
    stated = [quality for quality in qualities if quality is not None]
    return max(stated, key=lambda one: GRADES.index(one.grade) if one.grade in GRADES else -1, default=None)


def _usage(usages: Sequence[Usage | None]) -> Usage | None:
    known = [usage for usage in usages if usage is not None]
    if len(known) < len(usages):
        return None
    sums = {field.name: _sum(getattr(usage, field.name) for usage in known) for field in fields(Usage)}
    return Usage(**sums)  # type: ignore[arg-type] # sums of integers are integers


def _sum(numbers: Iterable[float | None]) -> float | None:
    """The sum, unknown where a part of it is."""
    parts = list(numbers)
    return None if None in parts else sum(part for part in parts if part is not None)
