"""Kill processes of a running service at random, then see whether anything was lost or done twice."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from service.outside import Outside
from service.running import Running
from service.senders import Sender

DONE = {"reported"}
SENDERS = 3
COMMIT_S = 1.0  # between an answer on the wire and its row in the store, on a machine that is busy being killed


@dataclass
class Outcome:
    """What came of it. The three lists must be empty."""

    kills: Counter = field(default_factory=Counter)
    sent: int = 0
    lost: list[str] = field(default_factory=list)
    delivered_twice: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)
    asked_again_in_flight: int = 0
    posted_again_in_flight: int = 0

    def told(self) -> str:
        killed = ", ".join(f"{verb} {count}" for verb, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({killed}), {self.sent} studies acknowledged: {len(self.lost)} lost, "
            f"{len(self.delivered_twice)} delivered twice, {len(self.paid_twice)} finished calls repeated; cut off in "
            f"flight and asked again: {self.asked_again_in_flight} reads, {self.posted_again_in_flight} deliveries"
        )


def under_fire(folder: Path, *, kills: int, seed: int, database: str | None = None, workers: int = 2) -> Outcome:
    """Send studies while processes are killed; the outcome once everything that was acknowledged is reported."""
    dice, outcome, killed_at = random.Random(seed), Outcome(), []
    with Outside() as outside, Running(folder, outside.url, database, workers) as running:
        senders = [Sender(running.dicom, every_s=0.3, first=1000 * number) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        while outcome.kills.total() < kills:
            time.sleep(dice.uniform(0.1, 2.2))
            verb = running.kill_one(dice)
            if verb is not None:
                outcome.kills[verb] += 1
                killed_at.append(time.monotonic())
        for sender in senders:
            sender.stop.set()
        for sender in senders:
            sender.join(150)
            assert sender.problem is None, sender.problem
        wanted = {uid for sender in senders for uid in sender.sent}
        outcome.sent = len(wanted)

        def done(rows: list[dict]) -> bool:
            finished = {row["study_uid"] for row in rows if row["status"] in DONE and row["images"] == 2}
            return wanted <= finished and len(set(outside.deliveries_by_study())) >= len(wanted)

        try:
            running.wait_for(done, within_s=120)
        except AssertionError as late:
            rows = running.rows()
            finished = {row["study_uid"] for row in rows if row["status"] in DONE and row["images"] == 2}
            outcome.lost = sorted(wanted - finished) or [str(late)[:300]]
        time.sleep(1.0)  # whatever would be done a second time
        judge(outcome, outside, killed_at)
    return outcome


def judge(outcome: Outcome, outside: Outside, killed_at: list[float]) -> None:
    """A call counts as finished once its answer could have reached the store: no kill fell into that moment."""
    answers: dict[str, list[float]] = {}
    for pictures, _, answered in outside.calls:
        answers.setdefault(pictures, []).append(answered)
    for pictures, times in answers.items():
        for answered in sorted(times)[:-1]:
            if any(answered - COMMIT_S <= at <= answered + COMMIT_S for at in killed_at):
                outcome.asked_again_in_flight += 1
            else:
                outcome.paid_twice.append(pictures[:12])
    by_report: dict[str, list[float]] = {}
    for report, _, at in outside.posts:
        by_report.setdefault(report, []).append(at)
    for report, times in by_report.items():
        for posted in sorted(times)[:-1]:
            if any(posted - COMMIT_S <= at <= posted + COMMIT_S for at in killed_at):
                outcome.posted_again_in_flight += 1
            else:
                outcome.delivered_twice.append(report)
