"""What an order of reading does to waits: a simulator, the law that checks it, the table that compares disciplines."""

from wetread.evaluate.queue.arrivals import Arrival, House, from_site
from wetread.evaluate.queue.ask import Given, Own, Policies, ask_given, ask_site, assumed, jeffreys
from wetread.evaluate.queue.disciplines import LABELS, Discipline
from wetread.evaluate.queue.law import QueueLaw, law
from wetread.evaluate.queue.outcome import Comparison, Group, Outcome, Over, QueueRow, compare, queue_table
from wetread.evaluate.queue.policy import Published, queue_policy
from wetread.evaluate.queue.simulate import Staff, simulate
from wetread.evaluate.queue.told import Law, LawRow, QueueFigures, WaitCurve, as_plain
from wetread.evaluate.queue.traffic import Mix, Scenario, Shape, Span, Traffic, made

__all__ = [
    "LABELS",
    "Arrival",
    "Comparison",
    "Discipline",
    "Given",
    "Group",
    "House",
    "Law",
    "LawRow",
    "Mix",
    "Outcome",
    "Over",
    "Own",
    "Policies",
    "Published",
    "QueueFigures",
    "QueueLaw",
    "QueueRow",
    "Scenario",
    "Shape",
    "Span",
    "Staff",
    "Traffic",
    "WaitCurve",
    "as_plain",
    "ask_given",
    "ask_site",
    "assumed",
    "compare",
    "from_site",
    "jeffreys",
    "law",
    "made",
    "queue_policy",
    "queue_table",
    "simulate",
]
