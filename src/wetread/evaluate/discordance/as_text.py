"""AI in service as tables for a terminal. What rests on too few cases says so."""

from collections.abc import Iterator, Sequence

from wetread.evaluate.discordance.bias import Bias
from wetread.evaluate.discordance.counts import Gap, Middle, Rate
from wetread.evaluate.discordance.figures import GROUPS, Discordance, Line
from wetread.evaluate.words import NONE, TOO_FEW, table

COUNTED = ("told by both", "missed", "overcalled", "PPV [95 %]", "sensitivity [95 %]")


def as_text(told: Discordance) -> str:
    """Everything, table by table."""
    return "\n\n".join(_parts(told)) + "\n"


def _parts(told: Discordance) -> Iterator[str]:
    totals, settled = told.totals, told.totals.adjudicated
    yield "\n".join(
        [
            f"{told.since:%Y-%m-%d %H:%M} to {told.until:%Y-%m-%d %H:%M} UTC: {totals.signed} signed reports stand, "
            f"{totals.with_ai} of them over an answer of AI; {totals.withdrawn} were withdrawn",
            f"adjudicated: AI right {settled.ai_right}, human right {settled.human_right}, "
            f"undecidable {settled.undecidable}; of agreements drawn by chance both right {settled.both_right}, "
            f"both wrong {settled.both_wrong}; {settled.by_signer} of all by who signed",
            *(f"note: {remark}" for remark in (*told.remarks, *told.bias.remarks)),
        ]
    )
    yield _lines("AI against signed reports", "reader", [(one.reader, one) for one in totals.readers])
    weeks = [(f"{one.week}  {one.reader}", one) for one in told.weeks]
    yield _lines("by week (its Monday)", "week, reader", weeks)
    for by in GROUPS:
        rows = [(f"{one.label}  ({one.reader})", one) for one in told.by_group if one.by == by]
        if len({one.group for _, one in rows}) > 1 or by == "finding":
            yield _lines(f"by {by}", f"{by} (reader)", rows)
    if totals.beyond:
        yield _beyond(told)
    yield _decisions(told)
    yield _arms(told.bias)
    yield "Research use only."


def _lines(title: str, first: str, rows: Sequence[tuple[str, Line]]) -> str:
    told = [
        (
            name,
            *map(str, (one.studies, one.told_both, one.missed, one.overcalled)),
            *map(share, (one.ppv, one.sensitivity)),
        )
        for name, one in rows
    ]
    return f"== {title}\n" + (table((first, "studies", *COUNTED), told) if told else "nothing was signed over AI")


def _beyond(told: Discordance) -> str:
    rows = [(one.label, str(one.n)) for one in told.totals.beyond]
    return "== told by humans, and no reader was asked about it\n" + table(("finding", "studies"), rows)


def _decisions(told: Discordance) -> str:
    made = told.decisions
    rows = [("all findings", str(made.decided), share(made.accept), share(made.edit), share(made.reject))]
    rows += [(x.label, str(x.decided), share(x.accept), share(x.edit), share(x.reject)) for x in made.by_finding]
    added = [made.added, *(one.added for one in made.by_finding)]
    cells = [(*row, str(n)) for row, n in zip(rows, added, strict=True)]
    head = ("decisions on", "decided", "accepted", "edited", "rejected", "added")
    return (
        f"== what humans did with AI's findings\n{table(head, cells)}\n"
        f"studies in which a human added a finding: {share(made.studies_with_added)}; edits changed the presence "
        f"{made.presence_changed} times, the side {made.side_changed} times"
    )


def _arms(bias: Bias) -> str:
    signals = (
        ("asked to see AI", "shown"),
        ("AI's findings kept", "kept"),
        ("own findings added", "added"),
        ("own findings told before AI", "own_first"),
        ("words changed after AI", "words_changed"),
        ("agreed, AI right", "when_right"),
        ("agreed, AI wrong", "when_wrong"),
        ("both told it, and it is not so", "both_overcalled"),
        ("both called it absent, and it is there", "both_missed"),
    )
    head = ("sign of AI's pull", *(f"{arm.arm} ({arm.studies} studies)" for arm in bias.arms))
    rows = [(name, *(share(getattr(arm, what)) for arm in bias.arms)) for name, what in signals]
    rows.append(("median seconds to sign", *(_middle(arm.seconds) for arm in bias.arms)))
    gaps = [_gap(gap) for gap in bias.gaps]
    return "\n".join(["== automation bias", table(head, rows) if bias.arms else "nothing was signed over AI", *gaps])


def _gap(gap: Gap) -> str:
    told = TOO_FEW
    if gap.difference is not None and gap.low is not None and gap.high is not None:
        told = f"{gap.difference:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
    return f"{gap.what}, open arm minus blinded arm: {told}"


def share(told: Rate) -> str:
    """A share with its interval and n."""
    if told.value is None or told.low is None or told.high is None:
        return f"{TOO_FEW}, n {told.n}" if told.n else NONE
    return f"{told.value:.3f} [{told.low:.3f}, {told.high:.3f}] n {told.n}"


def _middle(told: Middle) -> str:
    if told.value is None:
        return f"{TOO_FEW}, n {told.n}" if told.n else NONE
    span = "" if told.low is None or told.high is None else f" [{told.low:.0f}, {told.high:.0f}]"
    return f"{told.value:.0f}{span} n {told.n}"
