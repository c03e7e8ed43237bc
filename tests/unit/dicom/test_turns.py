"""An answer reaches whoever asked, also where the library's reactor is slow to say that it runs."""

import threading
import time

import pytest
from pynetdicom import AE

from wetread.dicom.turns import Gate, take_turns

ECHO = "1.2.840.10008.1.1"
SLOW_S = 0.2


class Slow(threading.Event):
    """The library's gate, and a reactor that is put aside just after it has passed."""

    def wait(self, timeout=None):
        passed = super().wait(timeout)
        time.sleep(SLOW_S)
        return passed


class SlowGate(Gate):
    def wait(self, timeout=None):
        passed = super().wait(timeout)
        time.sleep(SLOW_S)
        return passed


@pytest.fixture
def association():
    """One with a peer that answers at once."""
    peer, us = AE("PEER"), AE("US")
    peer.add_supported_context(ECHO)
    us.add_requested_context(ECHO)
    us.dimse_timeout = 1.5
    server = peer.start_server(("127.0.0.1", 0), block=False)
    made = us.associate("127.0.0.1", server.server_address[1])
    take = made.dimse.get_msg

    def late(block=False):
        time.sleep(2 * SLOW_S if block else 0)  # who asked is put aside too, while the answer comes
        return take(block)

    made.dimse.get_msg = late
    yield made
    made.abort()
    server.shutdown()


def asked(association) -> bool:
    return "Status" in association.send_c_echo()


def settled(association, gate) -> None:
    """The reactor has left the gate before and is held up behind this one."""
    association._reactor_checkpoint = gate
    time.sleep(1.5 * SLOW_S)


def test_through_the_library_s_own_gate_an_answer_can_be_lost(association):
    gate = Slow()
    gate.set()
    settled(association, gate)
    answered = all(asked(association) for _ in range(5))
    assert not answered, "the library does it right now: the gate of our own can go"


def test_through_ours_every_answer_comes(association):
    settled(association, SlowGate(association))
    assert all(asked(association) for _ in range(3))


def test_an_association_that_took_turns_works_to_its_end(association):
    take_turns(association)
    assert all(asked(association) for _ in range(3))
    association.release()
    assert association.is_released


def test_one_that_was_not_established_is_left_alone(association):
    association.abort()
    before = association._reactor_checkpoint
    take_turns(association)
    assert association._reactor_checkpoint is before
