"""The listener's words: command sets, file heads, which contexts are taken."""

import struct
from io import BytesIO

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pynetdicom import build_context

from wetread.errors import ConfigurationError
from wetread.intake.listener.command import C_STORE, NO_DATASET, Answer, Command, as_pdus, decode, encode_answer
from wetread.intake.listener.negotiation import choose, is_kept, is_taken, refusal_of
from wetread.intake.listener.part10 import IMPLEMENTATION_UID, file_head
from wetread.intake.tls import tls_context
from wetread.settings import ListenerSettings

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
J2K, JPIP, HTJ2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.201"
STORE = Command(field=C_STORE, message_id=7, has_dataset=True, sop_class=CT.encode(), sop_instance=b"1.2.3")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_or_a_value_error(data: bytes) -> None:
    try:
        command = decode(data)
    except ValueError:
        return
    assert 0 <= command.field <= 0xFFFF


def test_an_answer_says_what_it_answers_in_implicit_little_endian() -> None:
    encoded = encode_answer(STORE, Answer(status=0xA700, comment="no room left"))
    told = read_dataset(DicomBytesIO(encoded), is_implicit_VR=True, is_little_endian=True)
    assert told.CommandGroupLength == len(encoded) - 12
    assert (told.CommandField, told.MessageIDBeingRespondedTo, told.Status) == (0x8001, 7, 0xA700)
    assert (told.AffectedSOPClassUID, told.AffectedSOPInstanceUID) == (CT, "1.2.3")
    assert (told.CommandDataSetType, told.ErrorComment) == (NO_DATASET, "no room left")


@given(st.binary(min_size=1, max_size=500), st.integers(0, 300))
def test_no_pdu_is_larger_than_the_peer_takes(command_set: bytes, limit: int) -> None:
    stream, found, controls = BytesIO(as_pdus(command_set, 5, limit)), b"", []
    while head := stream.read(12):
        kind, length, size, context_id, control = struct.unpack(">BxLLBB", head)
        assert (kind, context_id, length) == (4, 5, size + 4)
        assert not limit or length <= max(limit, 7)
        found += stream.read(size - 2)
        controls.append(control)
    assert found == command_set
    assert controls == [1] * (len(controls) - 1) + [3]


def test_a_file_head_makes_a_file_of_any_data_set() -> None:
    data = struct.pack("<HH2sH4s", 0x0010, 0x0020, b"LO", 4, b"ID 7")
    read = pydicom.dcmread(BytesIO(file_head(CT.encode(), b"1.2.33", EXPLICIT.encode()) + data))
    assert read.PatientID == "ID 7"
    assert read.file_meta.MediaStorageSOPInstanceUID == "1.2.33"
    assert read.file_meta.ImplementationClassUID == IMPLEMENTATION_UID
    assert "SourceApplicationEntityTitle" not in read.file_meta


def test_each_context_keeps_the_syntax_its_sender_likes_best() -> None:
    first, second = build_context(CT, [J2K, EXPLICIT]), build_context(CT, [IMPLICIT, EXPLICIT])
    third = build_context(MR, [JPIP, EXPLICIT])
    supported = choose([first, second, third])
    assert [context.transfer_syntax for context in (first, second, third)] == [[J2K], [IMPLICIT], [EXPLICIT]]
    assert {str(context.abstract_syntax): set(context.transfer_syntax) for context in supported} == {
        CT: {J2K, IMPLICIT},
        MR: {EXPLICIT},
    }


@pytest.mark.parametrize(
    ("sop_class", "taken"),
    [
        (CT, True),
        ("1.2.840.10008.1.1", True),
        ("1.2.840.10008.5.1.4.1.1.3", True),  # retired
        ("1.3.46.670589.11.0.0.12.1", True),  # private
        ("2.25.1234", True),
        ("1.2.840.10008.5.1.4.38.1", True),  # hanging protocol
        ("1.2.840.10008.1.3.10", False),  # DICOMDIR
        ("1.2.840.10008.5.1.4.1.2.2.1", False),  # C-FIND
        ("1.2.840.10008.1.20.1", True),  # storage commitment: archives answer us
        ("1.2.840.10008.1.20.2", False),  # its retired pull model
    ],
)
def test_storage_classes_are_taken_and_other_services_are_not(sop_class: str, taken: bool) -> None:
    assert is_taken(sop_class) is taken


@pytest.mark.parametrize(
    ("syntax", "kept"),
    [(IMPLICIT, True), ("1.2.840.10008.1.2.4.55", True), (HTJ2K, True), (JPIP, False), (CT, False), ("1.9", False)],
)  # fmt: skip
def test_syntaxes_whose_pixels_come_along_are_kept(syntax: str, kept: bool) -> None:
    assert is_kept(syntax) is kept


def test_everyone_may_send_where_no_list_says_who() -> None:
    assert refusal_of("ANY", "THING", ListenerSettings()) is None


def test_a_certificate_that_is_not_there_is_named(tmp_path: pytest.TempPathFactory) -> None:
    with pytest.raises(ConfigurationError, match="tls_certificate_file"):
        tls_context(ListenerSettings(tls_certificate_file=f"{tmp_path}/none.pem"), "service.listener")
    with pytest.raises(ConfigurationError, match="without tls_certificate_file"):
        tls_context(ListenerSettings(tls_client_ca_file=f"{tmp_path}/ca.pem"), "service.listener")
