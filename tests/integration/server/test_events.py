"""The feed of changes: each is heard, in order, also by who comes back and by who is late."""

import json
import threading

import httpx2
import pytest
from api_house import serving

from wetread.store.change import tell
from wetread.store.feed import Ear, newest

API = "/api/v1"


def said(house, kind):
    with house.database.write() as connection:
        tell(connection, kind, now=house.now, study_id="a" * 32)


def listen(address, token, wanted, *, after=None, ready=None):
    """The first `wanted` events as (id, kind, data)."""
    headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": after} if after else {})}
    heard, one = [], {}
    with httpx2.stream("GET", f"{address}{API}/events", headers=headers, timeout=10) as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name in {"id", "event", "data"}:
                one[name] = value
            if not line and "data" in one:
                heard.append((one["id"], one["event"], json.loads(one["data"])))
                one = {}
                if len(heard) == wanted:
                    break
            elif not line and "id" in one and ready:  # where to go on from is told before anything is
                ready.set()
    return heard


def test_a_change_is_heard_by_who_listens_and_by_who_comes_back(small_house):
    house, ready, heard = small_house, threading.Event(), []
    said(house, "study.before")
    with serving(house.app) as address:
        token = house.token()
        thread = threading.Thread(target=lambda: heard.extend(listen(address, token, 2, ready=ready)))
        thread.start()
        assert ready.wait(10)
        said(house, "study.one")
        said(house, "study.two")
        thread.join(10)
        assert [kind for _, kind, _ in heard] == ["study.one", "study.two"]
        assert heard[0][2]["study_id"] == "a" * 32
        said(house, "study.three")
        again = listen(address, token, 2, after=heard[0][0])
        assert [kind for _, kind, _ in again] == ["study.two", "study.three"]


def test_a_stream_ends_when_the_server_is_told_to_stop(small_house):
    with (
        serving(small_house.app) as address,
        httpx2.stream(
            "GET", f"{address}{API}/events", headers={"Authorization": f"Bearer {small_house.token()}"}, timeout=10
        ) as answer,
    ):
        lines = answer.iter_lines()
        next(lines)
        small_house.app.state.ground.closing.set()
        assert list(lines) is not None  # it ends


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_change_that_shows_up_after_a_later_one_is_heard_all_the_same(database, house):
    early = database.engine.connect()
    begun = early.begin()
    tell(early, "study.late", now=house.now)  # it has its number, but nobody sees it yet
    said(house, "study.first")
    with database.read() as connection:
        ear = Ear(0)
        assert [change.kind for change in ear.hear(connection)] == ["study.first"]
    begun.commit()
    early.close()
    with database.read() as connection:
        assert [change.kind for change in ear.hear(connection)] == ["study.late"]
        assert ear.hear(connection) == []
        assert newest(connection) == ear.last


def test_an_ear_hears_everything_once_however_much_there_is(small_house):
    for number in range(40):
        said(small_house, f"n{number}")
    ear, heard = Ear(0), []
    with small_house.database.read() as connection:
        while new := ear.hear(connection, most=7):
            assert len(new) <= 7
            heard += [change.kind for change in new]
    assert heard == [f"n{number}" for number in range(40)]
