"""STOW-RS against senders that are wrong, broken off or hostile."""

import http.client
import socket
import time

import pytest
from dicomweb_house import multipart, opened
from dicomweb_objects import file_of, slice_of

from wetread.intake.spool import is_closed, objects_in

KIND = 'multipart/related; type="application/dicom"; boundary=b0undary'


def post(house, body, kind=KIND, path="studies"):
    with house.client() as client:
        return client.post(f"{house.web}/{path}", content=body, headers={"Content-Type": kind})


def spooled(house):
    """The bytes of everything that lies in the spool."""
    return [path.read_bytes() for folder in house.service.spool.arrivals() for path in objects_in(folder)]


@pytest.fixture(autouse=True)
def empty_spool(house):
    yield
    house.ingest()


def test_what_is_acknowledged_lies_in_the_spool_bit_by_bit(house):
    files = [file_of(slice_of(InstanceNumber=n)) for n in range(40)]
    body, kind = multipart(*files)
    answer = post(house, body, kind)
    assert answer.status_code == 200
    assert len(answer.json()["00081199"]["Value"]) == 40
    assert spooled(house) == files


def test_some_good_and_some_bad_is_202_and_says_which(house):
    good, other = slice_of(), slice_of()
    body, kind = multipart(file_of(good), b"no DICOM at all", file_of(other))
    answer = post(house, body, kind)
    told = answer.json()
    assert answer.status_code == 202
    assert [one["00081155"]["Value"][0] for one in told["00081199"]["Value"]] == [
        good.SOPInstanceUID,
        other.SOPInstanceUID,
    ]
    assert [one["00081197"]["Value"] for one in told["00081198"]["Value"]] == [[0xC000]]
    assert spooled(house) == [file_of(good), file_of(other)]


def test_an_object_of_another_study_is_refused_where_one_was_named(house):
    mine, other = slice_of(), slice_of()
    body, kind = multipart(file_of(mine), file_of(other))
    answer = post(house, body, kind, f"studies/{mine.StudyInstanceUID}")
    (failure,) = answer.json()["00081198"]["Value"]
    assert (answer.status_code, failure["00081197"]["Value"]) == (202, [0xA900])
    assert failure["00081155"]["Value"] == [other.SOPInstanceUID]
    assert spooled(house) == [file_of(mine)]


def test_one_object_may_come_unwrapped(house):
    file = file_of(slice_of())
    assert post(house, file, "application/dicom").status_code == 200
    assert spooled(house) == [file]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/related; type=application/dicom", b"--x--", 400),  # no boundary
        ('multipart/related; type="application/dicom"; boundary=""', b"", 400),
        (f'multipart/related; type="application/dicom"; boundary="{"x" * 71}"', b"", 400),
        (KIND, b"", 400),
        (KIND, b"garbage without any boundary" * 10_000, 400),
        (KIND, b"--b0undary--\r\n", 400),  # no part
        (KIND, b"--b0undary\r\nContent-Type: application/dicom\r\n\r\nDICM", 400),  # never ends
        (KIND, b"--b0undary\r\n" + b"X: " + b"y" * 20_000 + b"\r\n\r\n\r\n--b0undary--", 400),  # huge header
        (KIND, b"--b0undary\r\n" + b"y" * 20_000, 400),  # a header without end
        (KIND, b"--b0undary\r\nno header\r\n\r\n\r\n--b0undary--", 400),
        ("multipart/form-data; boundary=b0undary", b"--b0undary--", 415),
        ('multipart/related; type="application/dicom+json"; boundary=x', b"--x--", 415),
        ("text/html", b"<html>", 415),
        ("", b"", 415),
        ("application/dicom", b"", 409),
    ],
)
def test_bodies_that_cannot_be_are_refused_and_leave_nothing(house, kind, body, status):
    assert post(house, body, kind).status_code == status
    assert not any(house.service.spool.arrivals())


def test_a_nested_multipart_is_no_object(house):
    inner, _ = multipart(file_of(slice_of()), boundary="inner")
    body, kind = multipart(inner, part_type="multipart/related; boundary=inner")
    answer = post(house, body, kind)
    assert answer.status_code == 409
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xC000]


@pytest.mark.parametrize("uid", ["..", "..%2f..%2fetc", "1.2/../../x", "%2e%2e", "%2e%2e%2f", "1.2.x", "1" * 65, "%00"])
@pytest.mark.parametrize("path", ["studies/{}/metadata", "studies/{}", "studies/1.2/series/{}/instances/1.3/rendered"])
def test_addresses_that_are_no_uids_name_nothing(house, uid, path):
    asked = raw(house)
    asked.putrequest("GET", f"/dicom-web/{path.format(uid)}")  # as it is: a client would tidy it up
    asked.putheader("Authorization", f"Bearer {house.token}")
    asked.endheaders()
    assert asked.getresponse().status in {307, 400, 404}  # 307: to the same address without its last slash
    asked.close()


def raw(house):
    return http.client.HTTPConnection("127.0.0.1", int(house.url.rpartition(":")[2]), timeout=10)


def test_a_sender_that_breaks_off_leaves_nothing_but_whole_objects(house):
    whole = file_of(slice_of(side=512))
    body, kind = multipart(whole, file_of(slice_of(side=1024)))
    sending = raw(house)
    sending.putrequest("POST", "/dicom-web/studies")
    for name, value in (
        ("Authorization", f"Bearer {house.token}"),
        ("Content-Type", kind),
        ("Content-Length", "9999999"),
    ):
        sending.putheader(name, value)
    sending.endheaders(body[:-500])
    sending.sock.shutdown(socket.SHUT_RDWR)
    sending.close()
    for _ in range(200):
        if any(is_closed(folder) for folder in house.service.spool.arrivals()):
            break
        time.sleep(0.05)
    assert spooled(house) == [whole]
    (folder,) = house.service.spool.arrivals()
    assert not list(folder.glob("*.part"))
    assert post(house, *multipart(whole)).status_code == 200, "the server goes on"


def test_nobody_stores_without_a_token(house):
    import httpx2

    answer = httpx2.post(f"{house.web}/studies", content=b"", headers={"Content-Type": KIND})
    assert answer.status_code == 401
    assert not any(house.service.spool.arrivals())


@pytest.fixture
def narrow(tmp_path):
    """A server that takes objects of up to 2 kB, and waits half a second for a silent sender."""
    from wetread.settings.service import ListenerSettings

    yield from opened(
        tmp_path, listener=ListenerSettings(max_object_bytes=2000, network_timeout_s=0.5, min_free_bytes=0)
    )


def test_an_object_without_end_is_cut_off(narrow):
    def endless():
        yield b"--b0undary\r\nContent-Type: application/dicom\r\n\r\n"
        for _ in range(1000):
            yield b"x" * 100_000

    import httpx2

    try:
        assert post(narrow, endless()).status_code == 413
    except httpx2.TransportError:  # the server answered and closed while we were still sending
        assert True
    assert not any(narrow.service.spool.arrivals())
    assert post(narrow, *multipart(file_of(slice_of(side=8)))).status_code == 200


def test_a_sender_that_falls_silent_is_not_waited_for(narrow):
    with socket.create_connection(("127.0.0.1", int(narrow.url.rpartition(":")[2])), timeout=10) as peer:
        head = f"POST /dicom-web/studies HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {narrow.token}\r\n"
        peer.sendall(f"{head}Content-Type: {KIND}\r\nContent-Length: 1000\r\n\r\n--b0un".encode())
        assert peer.recv(100).startswith(b"HTTP/1.1 408")


@pytest.fixture
def full(tmp_path):
    """A server whose disk has less room than it wants to keep."""
    from wetread.settings.service import ListenerSettings

    yield from opened(tmp_path, listener=ListenerSettings(min_free_bytes=1 << 60))


def test_without_room_objects_are_refused_by_name_and_taken_again_later(full):
    one = slice_of()
    answer = post(full, *multipart(file_of(one)))
    (failure,) = answer.json()["00081198"]["Value"]
    assert (answer.status_code, failure["00081197"]["Value"]) == (409, [0xA700])
    assert failure["00081155"]["Value"] == [one.SOPInstanceUID]
    assert not any(full.service.spool.arrivals())


def test_a_disk_that_fills_up_loses_only_what_was_refused(house, monkeypatch):
    """The disk says ENOSPC when the second object is to be made durable."""
    import os

    from wetread.server.dicomweb import taking

    real, calls = os.fsync, []

    def fsync(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(taking, "SYNCING", taking.ThreadPoolExecutor(1))
    monkeypatch.setattr(os, "fsync", fsync)
    files = [file_of(slice_of()) for _ in range(3)]
    answer = post(house, *multipart(*files))
    monkeypatch.undo()
    assert answer.status_code == 202
    assert len(spooled(house)) == 2
    assert len(answer.json()["00081199"]["Value"]) == 2
