"""A destination is down for an hour, answers wrongly or refuses for ever: the flow shows it, nothing else stops."""

import asyncio
from contextlib import nullcontext

import pytest

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.domain.report import Receipt
from wetread.errors import DeliveryFailed
from wetread.store.deliveries import due
from wetread.store.flow import due_retries
from wetread.store.jobs import FAILED, deliver_job_id, jobs_of, note_delivery, retry
from wetread.worklist.delivering import deliver
from wetread.worklist.house import House, Policies

API = "/api/v1"
STEP_S, HOUR_S = 30, 3600


class Peer:
    """A destination that a test turns on and off; it keeps what it took."""

    def __init__(self, name, trouble=None):
        self.name, self.trouble, self.took, self.tries = name, trouble, [], 0

    async def deliver(self, report):
        self.tries += 1
        if self.trouble is not None:
            raise self.trouble
        self.took.append(report.report_id)
        return Receipt(destination=self.name, report_id=report.report_id, reference=f"{self.name} has it")


class Worker:
    """What a worker does with deliveries, in this process and by the test's clock."""

    def __init__(self, house, *peers):
        self.most_letters = 0
        self.api, self.peers = house, {peer.name: peer for peer in peers}
        self.house = House(
            settings=house.settings,
            database=house.database,
            blobs=house.service.blobs,
            clock=house.clock,
            policies=Policies(urgency=load_policy(None), waiting=load_worklist_policy(None)),
            rules=lambda: None,
            desk_of=lambda _: None,
            knowing=lambda *_: nullcontext(),
            destinations=self.peers,
        )

    def work(self, seconds):
        for _ in range(0, seconds, STEP_S):
            now, db = self.api.now, self.api.database
            for job_id, _ in due_retries(db, now=now, longest_wait_s=300):
                retry(db, job_id, by="the service", now=now, tries=3)
            for report_id, destination, attempt in due(db, now=now, longest_wait_s=300):
                note_delivery(db, deliver_job_id(report_id, destination, attempt), report_id, destination, now=now)
                asyncio.run(deliver(self.house, report_id, destination, attempt=attempt, executor="w"))
            self.most_letters = max(self.most_letters, len(self.dead_letters()))
            self.api.clock.turn(seconds=STEP_S)

    def states(self, client, study_id):
        return {row["destination"]: row["state"] for row in client.get(f"{API}/studies/{study_id}/deliveries").json()}

    def dead_letters(self):
        return [row["job_id"] for row in jobs_of(self.api.database, state=FAILED, limit=100)]


def test_an_hour_without_a_destination_stops_nothing_else_and_ends_by_itself(house):
    down, fine = Peer("down", ConnectionRefusedError(111, "Connection refused")), Peer("fine")
    worker, client, first = Worker(house, down, fine), house.client(), house.film(1)
    house.reported(first, to=("down", "fine"))
    worker.work(HOUR_S // 2)
    second = house.film(2)
    house.reported(second, to=("down", "fine"))
    worker.work(HOUR_S // 2)
    assert len(fine.took) == 2
    assert down.took == []
    assert 16 <= down.tries <= 70, "it rests longer and longer, and never gives up"
    assert worker.states(client, first)["down"] in {"failed", "waiting"}
    [row] = [r for r in client.get(f"{API}/studies/{first}/deliveries").json() if r["destination"] == "down"]
    assert row["problem"] == "Connection refused"
    assert worker.most_letters == 2, "people are told"
    down.trouble = None
    worker.work(600)
    assert sorted(down.took) == sorted(fine.took)
    assert worker.states(client, second) == {"down": "delivered", "fine": "delivered"}
    assert worker.dead_letters() == []


@pytest.mark.parametrize(
    "trouble", [DeliveryFailed("called AE title not recognised", retry=False), ZeroDivisionError("a bug")]
)
def test_who_refuses_for_ever_or_breaks_is_asked_once_and_replayed_on_demand(house, trouble):
    no, fine = Peer("no", trouble), Peer("fine")
    worker, client, study_id = Worker(house, no, fine), house.client(), house.film()
    report_id = house.reported(study_id, to=("no", "fine"))
    worker.work(HOUR_S)
    assert (no.tries, len(fine.took)) == (1, 1)
    assert worker.states(client, study_id) == {"no": "failed", "fine": "delivered"}
    [letter] = worker.dead_letters()
    no.trouble = None
    retry(house.database, letter, by="eve", now=house.now)
    worker.work(60)
    assert no.took == [report_id]
    assert len(fine.took) == 1


def test_a_report_that_is_sent_by_hand_replays_what_failed(house):
    no = Peer("folder", DeliveryFailed("no room", retry=False))
    worker, client, study_id = Worker(house, no), house.client(), house.film()
    report_id = house.reported(study_id)
    worker.work(60)
    no.trouble = None
    assert client.post(f"{API}/studies/{study_id}/deliveries", json={"destination": "folder"}).status_code == 202
    worker.work(60)
    assert no.took == [report_id]
    assert worker.dead_letters() == []
