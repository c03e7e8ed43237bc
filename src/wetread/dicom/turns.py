"""Who takes a message off an association: whoever asked, or the library's reactor. Never the wrong one of them."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynetdicom.association import Association

FIRST_PASS_S = 1.0


class Gate(threading.Event):
    """What the reactor passes before it looks for messages, and what `send_*` closes before it waits for an answer.

    The library's own gate (pynetdicom 3.0.4, `Association._run_reactor`) can be closed when the reactor has passed it
    and not yet said so: the reactor then takes the answer, and `send_*` waits for it until its time is over. Through
    this one nobody passes unseen.
    """

    def __init__(self, association: "Association") -> None:
        super().__init__()
        self.passed = threading.Event()
        self._association = association
        self._turn = threading.Lock()
        self.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is open; from then on the reactor is known to run."""
        while super().wait(timeout):
            with self._turn:
                if self.is_set():
                    self._association._is_paused = False
                    self.passed.set()
                    return True
        return False

    def clear(self) -> None:
        """Close it. Who has passed has said so."""
        with self._turn:
            super().clear()


def take_turns(association: "Association") -> None:
    """Put the gate into an association that we asked for; once this returns its reactor goes through it."""
    if association.is_established:
        gate = Gate(association)
        association._reactor_checkpoint = gate
        gate.passed.wait(FIRST_PASS_S)
