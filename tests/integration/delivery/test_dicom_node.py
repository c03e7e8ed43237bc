"""Objects of a report at a DICOM node: what arrives, in which syntax, and what each refusal leads to."""

import asyncio
import io
import socket
import threading
import time
from contextlib import closing
from dataclasses import replace

import pydicom
import pytest

from archive_peers import (
    ALL_KINDS,
    TOOLS,
    Archive,
    Certificates,
    delivered,
    demo_objects,
    demo_report,
    free_port,
    node,
    storescp,
)
from wetread.delivery.dicom_node import DicomNode
from wetread.delivery.made import Kind, Made
from wetread.errors import ConfigurationError, DeliveryFailed
from wetread.settings import DestinationSettings
from wetread.testing.destinations import check_destination

EXPLICIT, IMPLICIT, JPEG_LOSSLESS = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"
DEFLATED = "1.2.840.10008.1.2.1.99"
SR_3D = "1.2.840.10008.5.1.4.1.1.88.34"


def parsed(files):
    return {one.SOPInstanceUID: one for one in (pydicom.dcmread(io.BytesIO(data)) for data in files)}


def same(ours, theirs):
    """Every element, through all sequences; implicit VR knows no OB beside OW."""
    assert values(ours) == values(theirs)
    assert len(values(ours)) > 20


def values(dataset):
    return [(one.tag, one.value if one.VR != "SQ" else len(one.value)) for one in dataset.iterall()]


def failure(destination, report=None):
    with pytest.raises(DeliveryFailed) as caught:
        delivered(destination, report)
    return caught.value


def sends(objects, port, **own):
    return replace(node(port, **own), make=lambda _report: tuple(objects))


def a_made(path, kind=Kind.SC):
    data = path.read_bytes()
    read = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
    return Made(
        kind=kind,
        sop_class_uid=read.SOPClassUID,
        sop_instance_uid=read.SOPInstanceUID,
        series_uid=read.SeriesInstanceUID,
        transfer_syntax_uid=read.file_meta.TransferSyntaxUID,
        data=data,
    )


def test_every_kind_arrives_at_dcmtk_as_it_was_made(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    with storescp(folder) as port:
        receipt = delivered(node(port, objects=ALL_KINDS))
    got, made = parsed(path.read_bytes() for path in folder.iterdir()), demo_objects()
    assert {one.sop_instance_uid for one in made} == set(got)
    for one in made:
        theirs = got[one.sop_instance_uid]
        assert theirs.file_meta.TransferSyntaxUID == EXPLICIT
        same(pydicom.dcmread(io.BytesIO(one.data)), theirs)
    sr = next(one.sop_instance_uid for one in made if one.kind is Kind.SR)
    assert receipt.reference.endswith(f"; sr {sr}")
    assert receipt.commitment is None


def test_a_peer_that_takes_implicit_only_gets_the_same_content_re_encoded(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    with storescp(folder, "+xi") as port:
        delivered(node(port, objects=ALL_KINDS))
    got = parsed(path.read_bytes() for path in folder.iterdir())
    assert {one.file_meta.TransferSyntaxUID for one in got.values()} == {IMPLICIT}
    for one in demo_objects():
        same(pydicom.dcmread(io.BytesIO(one.data)), got[one.sop_instance_uid])


def test_bytes_of_the_data_set_are_the_made_ones_where_the_syntax_is_taken():
    with Archive().open() as archive:
        delivered(node(archive.port))
    made = {one.sop_instance_uid: one.data for one in demo_objects(("sr", "ko"))}
    for _, data in archive.got:
        read = pydicom.dcmread(io.BytesIO(data))
        assert made[read.SOPInstanceUID].endswith(data[data.index(b"\x08\x00\x05\x00CS") :])


@pytest.mark.parametrize("syntaxes", [(JPEG_LOSSLESS, EXPLICIT), (EXPLICIT,), (IMPLICIT,)])
def test_compressed_pixels_are_sent_as_they_are_or_decoded(shared, syntaxes):
    one = a_made(shared / "dicom" / "dcm4che__MR-JPEGLosslessSV1.dcm")
    assert one.transfer_syntax_uid == JPEG_LOSSLESS
    with Archive(syntaxes=syntaxes).open() as archive:
        delivered(sends([one], archive.port))
    (syntax, data), original = archive.got[0], pydicom.dcmread(io.BytesIO(one.data))
    read = pydicom.dcmread(io.BytesIO(data), force=True)
    assert syntax == syntaxes[0]
    assert read.SOPInstanceUID == one.sop_instance_uid
    assert (read.pixel_array == original.pixel_array).all()


def test_a_deflated_object_is_inflated_for_a_peer_that_takes_plain_ones_only(shared):
    one = a_made(shared / "dicom" / "pydicom__image_dfl.dcm")
    assert one.transfer_syntax_uid == DEFLATED
    with Archive(syntaxes=(IMPLICIT,)).open() as archive:
        delivered(sends([one], archive.port))
    original = pydicom.dcmread(io.BytesIO(one.data))
    assert archive.objects()[0].PixelData == original.PixelData


def test_delivered_twice_it_is_byte_for_byte_the_same_and_so_is_the_receipt():
    with Archive().open() as archive:
        first = delivered(node(archive.port, objects=ALL_KINDS))
        second = delivered(node(archive.port, objects=ALL_KINDS))
    half = len(archive.got) // 2
    assert archive.got[:half] == archive.got[half:]
    assert half == len(demo_objects())
    assert first == second


def test_it_keeps_the_contract_of_destinations():
    with Archive().open() as archive:
        check_destination(node(archive.port, objects=ALL_KINDS), demo_report())


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        (0xA700, True), (0xA7FF, True), (0x0110, True), (0x0213, True), (0xFE00, True),
        (0xA900, False), (0xC000, False), (0xCFFF, False), (0x0122, False), (0x0124, False), (0x0117, False),
    ],
)  # fmt: skip
def test_a_refusal_is_tried_again_or_final_by_its_status(status, retry):
    with Archive(status=lambda _nth: status).open() as archive:
        problem = failure(node(archive.port))
    assert problem.retry is retry
    assert f"({status:04X})" in str(problem)
    assert "destination 'pacs': node ARCHIVE" in str(problem)


@pytest.mark.parametrize(("status", "noted"), [(0x0000, False), (0x0111, False), (0xB000, True), (0xB007, True)])
def test_warnings_and_duplicates_count_as_taken_and_warnings_are_noted(status, noted):
    with Archive(status=lambda _nth: status).open() as archive:
        receipt = delivered(node(archive.port))
    assert len(archive.got) == 2
    assert (f"sr with warning {status:04X}" in receipt.reference) is noted


def test_after_a_failure_half_way_everything_is_sent_again_under_the_same_uids():
    answers = iter([0x0000, 0xA700, 0x0000, 0x0000])
    with Archive(status=lambda _nth: next(answers)).open() as archive:
        assert failure(node(archive.port)).retry
        delivered(node(archive.port))
    uids = [one.SOPInstanceUID for one in archive.objects()]
    assert uids[:2] == uids[2:]
    assert len(set(uids)) == 2


def test_a_peer_that_does_not_take_one_class_is_sent_nothing_at_all():
    others = {one.sop_class_uid for one in demo_objects()} - {SR_3D}
    with Archive(classes=tuple(others)).open() as archive:
        problem = failure(node(archive.port, objects=ALL_KINDS))
    assert (problem.retry, archive.got) == (False, [])
    assert "does not take Comprehensive 3D SR Storage;" in str(problem)


def test_a_peer_that_takes_no_class_says_so_for_good():
    with Archive(classes=("1.2.840.10008.5.1.4.1.1.2",)).open() as archive:
        problem = failure(node(archive.port))
    assert problem.retry is False
    assert "Key Object Selection Document Storage" in str(problem)


def test_a_peer_that_does_not_know_us_is_a_lasting_refusal_and_a_full_one_is_not():
    with Archive(require_calling=("SOMEBODY",)).open() as archive:
        unknown = failure(node(archive.port))
    with Archive(require_called=True).open() as archive:
        misnamed = failure(node(archive.port, ae_title="OTHER"))
    with Archive(before_accept=lambda event: event.assoc.acse.send_reject(2, 3, 2)).open() as archive:
        full = failure(node(archive.port))
    assert (unknown.retry, misnamed.retry, full.retry) == (False, False, True)
    assert "enter our AE title WETREAD there" in str(unknown)
    assert "set ae_title" in str(misnamed)


def test_our_ae_title_is_the_listeners_unless_another_is_set():
    seen = []
    with Archive(
        before_accept=lambda event: seen.append(event.assoc.requestor.primitive.calling_ae_title)
    ).open() as archive:
        delivered(node(archive.port))
        delivered(node(archive.port, calling_ae_title="WETREAD_OUT"))
    assert [str(title).strip() for title in seen] == ["WETREAD", "WETREAD_OUT"]


def test_a_peer_that_is_down_is_tried_again():
    problem = failure(node(free_port()))
    assert problem.retry
    assert "can't be reached (Connection refused)" in str(problem)
    assert failure(node(free_port(), host="no-such-host.invalid")).retry


@pytest.mark.parametrize("option", ["--abort-after", "--abort-during"])
def test_a_peer_that_aborts_is_tried_again(tmp_path, option):
    folder = tmp_path / "in"
    folder.mkdir()
    with storescp(folder, option) as port:
        problem = failure(node(port, objects=("sc",)))
    assert problem.retry
    assert "broke off" in str(problem)


@pytest.mark.parametrize(
    "says", [b"", b"\x02\x00\xff\xff\xff\xff", b"\x02\x00\x00\x00\x00\x10abc", b"HTTP/1.1 400\r\n\r\n"]
)
def test_a_peer_that_is_silent_or_talks_nonsense_is_given_up_in_time(says):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve():
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(says)
            time.sleep(1.5)
            connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        problem = failure(node(server.getsockname()[1], timeout_s=1))
        thread.join(5)
    assert problem.retry


def test_a_peer_that_takes_the_connection_and_then_nothing_more_does_not_hold_us():
    gone = threading.Event()
    with Archive(status=lambda _nth: gone.wait(3) and 0).open() as archive:
        problem = failure(node(archive.port, timeout_s=0.5))
        gone.set()
    assert problem.retry


def test_who_waits_no_longer_ends_the_association_too():
    going, gone = threading.Event(), threading.Event()

    def hold(nth):
        going.set()
        gone.wait(5)
        return 0

    async def give_up(destination):
        task = asyncio.create_task(destination.deliver(demo_report()))
        await asyncio.to_thread(going.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Archive(status=hold).open() as archive:
        asyncio.run(asyncio.wait_for(give_up(node(archive.port, timeout_s=30)), 5))
        gone.set()
    assert len(archive.got) == 1


def tls(certificates, client=True, **more):
    own = {"ca_file": certificates.ca, **more}
    if client:
        own |= {"certificate_file": certificates.client[0], "key_file": certificates.client[1]}
    return own


@pytest.fixture
def certificates(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    return Certificates(folder)


def test_over_tls_we_show_our_certificate_and_check_theirs(certificates):
    with Archive(tls=certificates.server_context(wants_client=True)).open() as archive:
        delivered(node(archive.port, tls=tls(certificates), objects=("sr", "sc")))
    assert len(archive.got) == 2


def test_a_peer_of_another_authority_or_name_gets_nothing_for_good(certificates, tmp_path):
    (tmp_path / "others").mkdir()
    others = Certificates(tmp_path / "others")
    with Archive(tls=others.server_context(wants_client=False)).open() as archive:
        foreign = failure(node(archive.port, tls=tls(certificates)))
    with Archive(tls=certificates.server_context(wants_client=False)).open() as archive:
        misnamed = failure(node(archive.port, tls=tls(certificates), host="localhost"))
        delivered(node(archive.port, tls=tls(certificates, check_host=False), host="localhost"))
    assert (foreign.retry, misnamed.retry) == (False, False)
    assert "certificate does not hold" in str(foreign)
    assert len(archive.got) == 2


def test_without_a_client_certificate_a_peer_that_wants_one_refuses(certificates):
    with Archive(tls=certificates.server_context(wants_client=True)).open() as archive:
        problem = failure(node(archive.port, tls=tls(certificates, client=False)))
    assert problem.retry is False
    assert "certificate_file" in str(problem)
    assert archive.got == []


def test_a_peer_that_speaks_no_tls_is_told_of(certificates):
    with Archive().open() as archive:
        problem = failure(node(archive.port, tls=tls(certificates), timeout_s=1))
    assert "no TLS connection came about" in str(problem)


def test_dcmtk_over_tls_with_certificates_on_both_sides(certificates, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    certificate, key = certificates.server
    with storescp(folder, "+tls", str(key), str(certificate), "+cf", str(certificates.ca)) as port:
        delivered(node(port, tls=tls(certificates)))
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"kind": "dicom"}, "needs host and port and ae_title"),
        ({"kind": "dicom", "host": "h", "port": 104}, "needs ae_title"),
        ({"kind": "dicom", "host": "h", "port": 104, "ae_title": "A", "tls": {"ca_file": "/no/such"}}, "tls.ca_file"),
    ],
)
def test_settings_that_cannot_work_are_named(own, told):
    with pytest.raises(ConfigurationError, match=told):
        DicomNode.configured("pacs", DestinationSettings.model_validate(own), TOOLS)
