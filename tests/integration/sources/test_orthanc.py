import io
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest

from wetread.dicom.meta import read_meta
from wetread.errors import SourceUnavailable
from wetread.intake.listener import Listener
from wetread.intake.sources.dicomweb import DicomwebServer
from wetread.intake.sources.look import NothingHeld, Surroundings
from wetread.intake.sources.memory import Memory
from wetread.intake.sources.node_link import Link
from wetread.intake.sources.nodes import DicomNode
from wetread.intake.sources.watched import WatchedFolder
from wetread.intake.sources.web_client import WebClient
from wetread.intake.spool import Spool, arrival_of, objects_in
from wetread.settings import ListenerSettings

OURS = "WETREAD"


@pytest.fixture
def around(tmp_path):
    memory = Memory(tmp_path / "state.sqlite")
    yield Surroundings(spool=Spool(tmp_path / "spool"), memory=memory, now=lambda: datetime.now(UTC))
    memory.close()


def came(around) -> list[bytes]:
    return [path.read_bytes() for folder in around.spool.arrivals() for path in objects_in(folder)]


def parsed(objects):
    return [pydicom.dcmread(io.BytesIO(data), force=True) for data in objects]


def web(kept, **more):
    return DicomwebServer("front", WebClient("front", kept.orthanc.web, token_env=None, timeout_s=20), **more)


def node(kept, *, port=None, **more):
    address = ("127.0.0.1", port or kept.orthanc.dicom_port)
    link = Link("front", address, ae_title="ORTHANC", our_ae_title=OURS, timeout_s=20)
    return DicomNode("front", link, look_back_days="all", **more)


@contextmanager
def listening(kept, spool):
    listener = Listener(spool, ListenerSettings(ae_title=OURS), ("127.0.0.1", 0))
    listener.start()
    kept.orthanc.listen_for("us", OURS, listener.address[1])
    try:
        yield
    finally:
        listener.stop(grace_s=1)
        kept.orthanc.http.delete("/modalities/us")


def test_by_dicomweb_every_object_arrives_as_orthanc_keeps_it_and_once(kept, around):
    source = web(kept, look_back_days="all")
    source.check()
    source.look(around)
    got = came(around)
    assert len(kept.by_uid) > 60
    assert set(kept.by_uid.values()) <= set(got)
    assert len(got) == len(set(got))
    assert web(kept, look_back_days="all").look(around).taken == 0


def test_what_is_in_the_house_already_is_not_fetched_and_the_rest_is(kept, tmp_path):
    new, told = set(sorted(kept.by_uid)[::5]), {}

    class House(NothingHeld):
        def held(self, sop_uids):
            return frozenset(sop_uids) - new

    around = Surroundings(
        spool=Spool(tmp_path / "spool"),
        memory=Memory(tmp_path / "state.sqlite"),
        now=lambda: datetime.now(UTC),
        holdings=House(),
        expect=told.__setitem__,
    )
    web(kept, look_back_days="all").look(around)
    got, wanted = set(came(around)), {kept.by_uid[uid] for uid in new}
    assert wanted <= got
    assert not got & (set(kept.by_uid.values()) - wanted)
    assert sum(told.values()) >= len(new)


def test_only_studies_of_the_asked_days_and_modalities_are_fetched(kept, around):
    assert web(kept, look_back_days=0).look(around).taken == 0
    web(kept, look_back_days="all", modalities=("US", "NM")).look(around)
    assert {one.Modality for one in parsed(came(around))} == {"US", "NM"}


def test_by_c_move_our_listener_receives_them_with_their_pixels_as_kept(kept, around):
    source = node(kept, retrieve="move", modalities=("CT", "US"))
    source.check()
    with listening(kept, around.spool):
        fetched = source.look(around)
        got = came(around)
        assert node(kept, retrieve="move", modalities=("CT", "US")).look(around).taken == 0
    assert fetched.taken == len(got) > 10
    assert {arrival_of(folder).peer for folder in around.spool.arrivals()} == {"ORTHANC"}
    theirs = {one.SOPInstanceUID: one for one in parsed(kept.by_uid.values())}
    compared = [(one, theirs[one.SOPInstanceUID]) for one in parsed(got) if one.SOPInstanceUID in theirs]
    assert len(compared) > 10
    for ours, original in compared:
        assert ours.file_meta.TransferSyntaxUID == original.file_meta.TransferSyntaxUID
        assert ours.get("PixelData") == original.get("PixelData")


def test_a_node_that_does_not_know_us_is_asked_by_c_get(kept, around):
    fetched = node(kept, modalities=("US",)).look(around)
    assert fetched.taken == len(came(around)) > 1
    assert {arrival_of(folder).way for folder in around.spool.arrivals()} == {"c-get"}
    assert {one.Modality for one in parsed(came(around))} == {"US"}


def test_a_node_that_moves_nothing_says_what_to_enter_there(kept, around):
    fetched = node(kept, retrieve="move", modalities=("NM",)).look(around)
    assert fetched.taken == 0
    assert all(f"moves nothing to {OURS}" in failure.problem for failure in fetched.failures)
    assert fetched.failures


def test_a_node_or_server_that_is_gone_is_told_of(kept, around):
    with pytest.raises(SourceUnavailable, match="can't be reached"):
        node(kept, port=1).look(around)
    with pytest.raises(SourceUnavailable, match="front"):
        DicomwebServer(
            "front", WebClient("front", "http://127.0.0.1:1/", token_env=None, timeout_s=5), look_back_days=1
        ).look(around)


def test_storescp_writes_into_a_watched_folder_and_all_of_it_is_taken(kept, around, tmp_path):
    if not (Path("/usr/bin/storescp").exists() and Path("/usr/bin/storescu").exists()):
        pytest.skip("dcmtk is not installed (apt install dcmtk)")
    incoming, sent = tmp_path / "incoming", tmp_path / "sent"
    incoming.mkdir()
    sent.mkdir()
    plain = {uid: data for uid, data in kept.by_uid.items() if _syntax(data) == "1.2.840.10008.1.2.1"}
    for number, data in enumerate(plain.values()):
        (sent / f"{number}.dcm").write_bytes(data)
    port = _free_port()
    server = subprocess.Popen(["/usr/bin/storescp", "+B", "-aet", "STORE", "-od", str(incoming), str(port)])
    watched = WatchedFolder("scans", incoming, settle_s=0.2)
    try:
        sending = threading.Thread(target=_send, args=(port, sent))
        sending.start()
        until = time.monotonic() + 10
        while (sending.is_alive() or len(came(around)) < len(list(incoming.iterdir()))) and time.monotonic() < until:
            watched.look(around)
            time.sleep(0.1)
        sending.join()
    finally:
        server.kill()
        server.wait()
    there = [path.read_bytes() for path in incoming.iterdir()]
    assert len(there) > 10
    assert sorted(came(around)) == sorted(there)


def _send(port, folder):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.05)
    words = ["/usr/bin/storescu", "-nh", "-aec", "STORE", "+sd", "-R", "-xe", "127.0.0.1", str(port), str(folder)]
    subprocess.run(words, capture_output=True, check=False)


def _free_port():
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return finder.getsockname()[1]


def _syntax(data):
    return read_meta(io.BytesIO(data)).transfer_syntax_uid
