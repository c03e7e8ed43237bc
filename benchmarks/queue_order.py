"""10,000 studies wait and a day's studies come on top: who waits beyond the cap, by our order and by others."""

from benchmarks.queue_day import cap_only, fewest_humans, first_come, load, ours, patients, simulate, urgency_only
from benchmarks.ratio import Ratio, at_most, stated

QUEUED, ARRIVING, HUMANS, SEED = 10_000, 4_000, 56, 1


def ratios() -> list[Ratio]:
    """A day at 97 % load, the least staff with which each order keeps every cap, and the staff nobody can do with."""
    people = patients(queued=QUEUED, arriving=ARRIVING, seed=SEED)
    by_ours, by_first, by_urgency = (simulate(people, HUMANS, order) for order in (ours, first_come, urgency_only))
    least, least_of_all = (fewest_humans(people, order, start=HUMANS) for order in (ours, cap_only))
    told = f"{HUMANS} humans, load {load(people, HUMANS):.2f}"
    waits = f"{by_ours.critical_mean_min:.0f} min, first come {by_first.critical_mean_min:.0f} min"
    return [
        at_most("worst wait", by_ours.worst_share, 1.0, "x its cap", detail=f"{told}; beyond the cap: {by_ours.late}"),
        stated("worst wait, first come", by_first.worst_share, "x its cap", detail=f"beyond it: {by_first.late}"),
        stated("worst wait, urgency only", by_urgency.worst_share, "x its cap", detail=f"beyond it: {by_urgency.late}"),
        at_most("opened before a waiting critical", by_ours.overtaken, 0, "studies", detail="a critical one is next"),
        at_most("critical mean wait", by_ours.critical_mean_min / by_first.critical_mean_min, 1.0, "x first come's",
                detail=waits),
        stated("staff that keeps every cap", least / least_of_all, "x the least that any order can do with",
               detail=f"{least} against {least_of_all} humans, load {load(people, least):.2f}"),
    ]  # fmt: skip


if __name__ == "__main__":
    import sys

    from benchmarks.run import table

    sys.stdout.write(table(ratios()) + "\n")
