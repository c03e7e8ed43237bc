"""Files sent over HTTP lie in the spool before anyone is told so."""

import pytest

from wetread.domain.arrival import Way
from wetread.domain.people import Role
from wetread.intake.spool import arrival_of, is_closed, objects_in
from wetread.store.arrivals import keep_problem

API = "/api/v1"


def files(**named):
    return [("files", (name, data)) for name, data in named.items()]


def test_files_lie_in_the_spool_bit_by_bit_before_they_are_acknowledged(small_house):
    client = small_house.client(Role.TECHNOLOGIST)
    film, big = b"DICM" + bytes(range(256)), bytes(3_000_000)
    answer = client.post(f"{API}/uploads", files=[("files", ("a b.dcm", film)), ("files", ("ä.zip", big))])
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["count"] == 2
    assert [(one["file"], one["object"], one["size_bytes"]) for one in told["files"]] == [
        ("a b.dcm", "000001.dcm", 260),
        ("ä.zip", "000002.dcm", 3_000_000),
    ]
    folder = small_house.spool.root / told["arrival_id"]
    assert [path.read_bytes() for path in objects_in(folder)] == [film, big]
    assert is_closed(folder)
    arrival = arrival_of(folder)
    assert (arrival.way, arrival.peer) == (Way.UPLOAD, "token:Dr. A")


def test_what_became_of_an_upload_is_told(house):
    client = house.client()
    arrival_id = client.post(f"{API}/uploads", files=[("files", ("x", b"no picture"))]).json()["arrival_id"]
    waiting = client.get(f"{API}/uploads/{arrival_id}").json()
    assert (waiting["waiting"], waiting["placed"], waiting["problems"]) == (1, 0, [])
    keep_problem(
        house.database,
        arrival=arrival_of(house.spool.root / arrival_id),
        blob="0" * 64,
        file="000001.dcm",
        problem="it is no DICOM object",
        remedy="send another",
        now=house.now,
    )
    told = client.get(f"{API}/uploads/{arrival_id}").json()
    assert [(one["object"], one["problem"]) for one in told["problems"]] == [("000001.dcm", "it is no DICOM object")]
    assert client.get(f"{API}/uploads/20240101T000000000000-00000000").status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2fetc", "../../etc/passwd", "%2e%2e", "x"])
def test_an_arrivals_name_leads_nowhere_else(small_house, name):
    assert small_house.client().get(f"{API}/uploads/{name}").status_code in {404, 422}


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(databases, tmp_path):
    from api_house import House

    from wetread.store.database import Database, store_url

    opened = Database(store_url(databases("sqlite"), tmp_path))
    house = House(opened, tmp_path, {"listener": {"max_object_bytes": 1000}})
    answer = house.client().post(f"{API}/uploads", files=[("files", ("x.dcm", bytes(1001)))])
    assert answer.status_code == 413
    assert list(house.spool.root.iterdir()) == []
    opened.close()


def test_where_there_is_no_room_it_is_said_and_what_was_taken_stays(databases, tmp_path, monkeypatch):
    from api_house import House

    from wetread.intake.spool import Spool
    from wetread.store.database import Database, store_url

    opened = Database(store_url(databases("sqlite"), tmp_path))
    house = House(opened, tmp_path, {"listener": {"min_free_bytes": 1000}})
    room = iter([5000, 10])
    monkeypatch.setattr(Spool, "free_bytes", lambda _: next(room))
    answer = house.client().post(f"{API}/uploads", files=[("files", ("1", b"one")), ("files", ("2", b"two"))])
    assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")
    (folder,) = house.spool.arrivals()
    assert [path.read_bytes() for path in objects_in(folder)] == [b"one"]
    assert is_closed(folder)
    opened.close()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nbroken"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"no boundary at all"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=" + "x" * 300, b""),
        ("application/json", b"{}"),
        ("", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 10_000 + b"\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: " + b"a" * 100_000 + b"\r\n\r\nx\r\n--x--"),
    ],
)
def test_a_body_that_is_no_upload_is_refused_and_leaves_nothing(small_house, kind, body):
    answer = small_house.client().post(f"{API}/uploads", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400, answer.text
    assert list(small_house.spool.arrivals()) == []


def test_a_connection_that_breaks_off_leaves_only_whole_objects(small_house):
    import socket
    import time

    from api_house import serving

    head = b"--x\r\nContent-Disposition: form-data; name=f; filename=%d\r\n\r\n"
    with serving(small_house.app) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(
                b"POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n"
                + f"Authorization: Bearer {small_house.token()}\r\n".encode()
                + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
            )
            line.sendall(head % 1 + bytes(2_000_000) + b"\r\n" + head % 2 + bytes(2_000_000))
            time.sleep(0.3)
        for _ in range(100):
            folders = list(small_house.spool.arrivals())
            if folders and is_closed(folders[0]):
                break
            time.sleep(0.05)
        assert [path.stat().st_size for path in objects_in(folders[0])] == [2_000_000]
        assert not list(folders[0].glob("*.part"))
