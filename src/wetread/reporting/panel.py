"""What the panel did with the answers, in words: votes, agreement, escalation, readers without a vote."""

from collections.abc import Iterator

from wetread.domain.consensus import NOT_ASKED, JoinedFinding
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.report import Report
from wetread.domain.view import Limitation
from wetread.reporting.claims import clipped
from wetread.reporting.words import inert, named, percent, sentence, told


def panel_lines(report: Report) -> Iterator[str]:
    """Nothing where one reader read and nothing needs saying."""
    consensus = report.consensus
    if consensus is None:
        return
    noted = (consensus.escalated, consensus.excluded, consensus.figures_not_used)
    learnt = consensus.weighting.startswith("learnt")
    if len(consensus.readers) < 2 and not learnt and not any(noted):
        return
    yield sentence("panel", "votes", weighting=inert(consensus.weighting))
    if consensus.agreement is not None:
        yield sentence("panel", "agreement", share=consensus.agreement)
    yield from (sentence("panel", "escalated", reason=inert(reason)) for reason in consensus.escalated)
    for one in consensus.excluded:
        group = named(report, one.group)
        yield sentence("panel", "excluded", reader=inert(one.reader), group=group, reason=inert(one.reason))
    yield from (sentence("panel", "not_used", reason=inert(reason)) for reason in consensus.figures_not_used)


def answer_words(answer: Answer) -> str:
    """What came of asking a reader."""
    if isinstance(answer, Read):
        return f"{len(answer.findings)} findings checked"
    return f"{_kind(answer)}: {answer.reason}"


def _kind(abstention: Abstention) -> str:
    if abstention.code == NOT_ASKED:
        return "not asked"
    return "failed" if abstention.failed else "abstained"


def joined_words(report: Report, joined: JoinedFinding) -> str:
    """A finding with every place the readers gave, and the names of those who told it less exactly."""
    words = told(report, joined.finding)
    further = [inert(place) for place in joined.places if place != joined.finding.location]
    if further:
        words += f", also: {', '.join(further)}"
    less = [
        sentence("panel", "told_as", finding=_told_less(report, reader, code), reader=inert(reader))
        for reader, code in joined.told_as
    ]
    return "; ".join((words, *less))


def _told_less(report: Report, reader: str, code: str) -> str:
    """A less exact name, with its reader's own word and percentage for it where that was calibrated."""
    reads = (answer for answer in report.answers if isinstance(answer, Read) and answer.reader.name == reader)
    finding = next((one for read in reads for one in read.findings if one.code == code), None)
    if finding is None:
        return named(report, code)
    facts = [finding.presence.value]
    if finding.stated_probability is not None:
        facts.append(percent(finding.probability, finding.calibrator_id))
    return f"{named(report, code)} {' '.join(facts)}"


def limitation_lines(report: Report) -> Iterator[str]:
    """Every limitation once, with the readers it holds for where their name does not stand in it."""
    holders: dict[Limitation, list[str]] = {limitation: [] for limitation in report.limitations}
    for answer in report.answers:
        for limitation in answer.limitations if isinstance(answer, Read) else ():
            if answer.reader.name not in limitation.text:
                holders.setdefault(limitation, []).append(answer.reader.name)
    for limitation, names in holders.items():
        by = f" ({', '.join(clipped(name) for name in dict.fromkeys(names))})" if names else ""
        yield f"{clipped(limitation.text)}{by}"
