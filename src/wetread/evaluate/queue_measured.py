"""The queue table of a reader (T8): its measured sensitivity and false P1 rate, on the worklist that is assumed."""

from dataclasses import replace

from wetread.evaluate.metrics import UrgencyFigures
from wetread.evaluate.queue import Mix, Policies, QueueFigures, ask_given, assumed, jeffreys, queue_policy

CRITICAL = 0  # the row and the column of P1 in the urgency table


def queue_of(urgency: UrgencyFigures, policies: Policies, *, seed: int) -> QueueFigures | None:
    """What following this reader does to waits; None where too few cases, critical or others, say how it flags.

    Each replication draws sensitivity and false P1 rate from what the cases allow, so that the intervals hold that too.
    """
    critical = urgency.table[CRITICAL]
    others = [row for number, row in enumerate(urgency.table) if number != CRITICAL]
    of_critical = (critical[CRITICAL], sum(critical))
    of_others = (sum(row[CRITICAL] for row in others), sum(map(sum, others)))
    if min(of_critical[1], of_others[1]) < queue_policy().outcome.least_studies:
        return None
    share = queue_policy().assumed.critical
    mix = Mix(
        critical=share,
        sensitivity=of_critical[0] / of_critical[1],
        false_positive_rate=of_others[0] / of_others[1],
    )
    told = ask_given(
        replace(assumed(seed), mix=mix),
        policies,
        source="measured",
        drawn=jeffreys(of_critical, of_others, share),
    )
    counted = {"critical_cases": of_critical[1], "other_cases": of_others[1]}
    remark = "rate, staff, reading time and share of critical studies are assumed; how the reader flags is measured"
    return replace(told, rests_on={**told.rests_on, **counted}, remarks=(*told.remarks, remark))
