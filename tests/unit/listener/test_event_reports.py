"""Answers to storage commitment: read, kept safely, told in the store's words."""

import struct
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pynetdicom import build_context

from wetread.errors import StoreUnavailable
from wetread.intake import commitments
from wetread.intake.commitments import Kept, put, waiting
from wetread.intake.listener.command import N_EVENT_REPORT, Answer, Command, decode, encode_answer
from wetread.intake.listener.event_report import read_report
from wetread.intake.listener.negotiation import choose
from wetread.worklist.committing import Committing, as_told

PUSH = "1.2.840.10008.1.20.1"
EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
TOLD = Kept(
    transaction_uid="1.2.3", kept=("1.2.3.1",), failed=(("1.2.3.2", 0x0112),), peer="PACS", at=datetime.now(UTC)
)


def test_the_answer_to_a_report_repeats_its_event_type():
    command = Command(
        field=N_EVENT_REPORT, message_id=9, has_dataset=True, sop_class=PUSH.encode(), sop_instance=b"1.2", event_type=2
    )
    told = read_dataset(
        DicomBytesIO(encode_answer(command, Answer(status=0))), is_implicit_VR=True, is_little_endian=True
    )
    assert (told.CommandField, told.EventTypeID, told.MessageIDBeingRespondedTo) == (0x8100, 2, 9)
    assert [one.tag for one in told] == sorted(one.tag for one in told)


def test_a_report_without_an_event_type_is_no_command():
    def told(*more):
        shorts = ((0x0100, N_EVENT_REPORT), (0x0110, 9), (0x0800, 1), *more)
        return b"".join(struct.pack("<HHLH", 0, element, 2, value) for element, value in shorts)

    assert decode(told((0x1002, 1))).event_type == 1
    with pytest.raises(ValueError, match=r"lacks \(0000,1002\)"):
        decode(told())


def test_reports_are_taken_in_plain_syntaxes_and_in_either_role():
    context = build_context(PUSH, [DEFLATED, IMPLICIT])
    supported = choose([context])
    assert context.transfer_syntax == [IMPLICIT]
    assert (supported[0].scu_role, supported[0].scp_role) == (True, True)
    refused = build_context(PUSH, [DEFLATED])
    choose([refused])
    assert refused.transfer_syntax == [DEFLATED]


@given(st.binary(max_size=300), st.sampled_from([EXPLICIT, IMPLICIT]))
def test_any_bytes_are_a_report_or_none(data, syntax):
    told = read_report(data, syntax.encode(), "PACS")
    assert told is None or told.transaction_uid


def test_an_answer_is_kept_whole_and_once(tmp_path):
    put(tmp_path / "events", TOLD)
    put(tmp_path / "events", TOLD)
    assert [kept for _, kept in waiting(tmp_path / "events")] == [TOLD]
    assert {path.suffix for path in (tmp_path / "events").iterdir()} == {".json"}
    assert list(waiting(tmp_path / "nowhere")) == []


def test_no_more_answers_are_kept_than_somebody_could_read(tmp_path, monkeypatch):
    monkeypatch.setattr(commitments, "MOST_FILES", 1)
    put(tmp_path, TOLD)
    with pytest.raises(OSError, match="too many"):
        put(tmp_path, TOLD)


def test_reasons_are_told_in_words_each_once():
    told = as_told(TOLD)
    assert (told.kept, told.problem) == (1, "the archive won't keep 1 objects: no such object (0112)")
    many = Kept(transaction_uid="1", kept=(), failed=(("1", 0x0112), ("2", 0x0112), ("3", 0x0213)), peer="", at=TOLD.at)
    assert as_told(many).problem.endswith("2 times no such object (0112), out of resources (0213)")


def test_it_goes_on_until_it_is_told_to_stop_and_a_store_that_is_gone_is_waited_for(tmp_path):
    came, stopping = [], threading.Event()

    class Gone:
        def write(self):
            came.append("asked")
            stopping.set()
            raise StoreUnavailable("gone")

    put(tmp_path, TOLD)
    Committing(database=Gone(), clock=Clock(), folder=tmp_path).run(stopping)
    assert came == ["asked"]
    assert len(list(waiting(tmp_path))) == 1


class Clock:
    def now(self):
        return datetime.now(UTC)
