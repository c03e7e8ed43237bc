import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import guarded_work as work
import pytest

from wetread.errors import FileUnreadable, PixelsUnreadable, TookTooLong, TooLarge
from wetread.guard import Guard, Inline


@pytest.fixture(scope="module")
def guard():
    with Guard(memory_bytes=256 << 20, timeout_s=30) as made:
        yield made


@pytest.fixture(params=["guard", "inline"])
def isolation(request):
    return request.getfixturevalue("guard") if request.param == "guard" else Inline()


def test_the_result_comes_back(isolation):
    assert isolation.call(work.add, 2, 3, subject="x") == 5


def test_a_deliberate_error_crosses_intact(isolation):
    with pytest.raises(PixelsUnreadable) as caught:
        isolation.call(work.refuse, "scan.dcm", subject="scan.dcm")
    assert (caught.value.subject, caught.value.problem, caught.value.remedy) == ("scan.dcm", "no decoder", "resend")


def test_an_unexpected_error_names_the_file_and_quotes_nothing(isolation):
    with pytest.raises(FileUnreadable, match=r"scan\.dcm.*KeyError") as caught:
        isolation.call(work.stumble, "Secret^Name", subject="scan.dcm")
    assert "Secret" not in str(caught.value) + "".join(caught.value.__notes__)


def test_work_runs_in_one_other_process(guard):
    first = guard.call(work.whoami, subject="x")
    assert first == guard.call(work.whoami, subject="x") != os.getpid()


def test_too_much_memory_is_too_large_and_the_child_lives_on(guard):
    child = guard.call(work.whoami, subject="x")
    with pytest.raises(TooLarge, match=r"bomb\.dcm"):
        guard.call(work.eat, 2048, subject="bomb.dcm")
    assert guard.call(work.eat, 64, subject="x") == 64 << 20
    assert guard.call(work.whoami, subject="x") == child


def test_late_imports_still_fit(guard):
    assert guard.call(work.late_numpy, subject="x") == 10


def test_a_hang_is_ended_and_the_next_call_works(guard):
    started = time.monotonic()
    with pytest.raises(TookTooLong, match=r"slow\.dcm"):
        guard.call(work.sleep, 60, subject="slow.dcm", timeout_s=0.3)
    assert time.monotonic() - started < 10
    assert guard.call(work.add, 1, 1, subject="x") == 2


def test_a_crash_in_native_code_names_the_file_and_the_next_call_works(guard):
    with pytest.raises(FileUnreadable, match=r"evil\.dcm.*crashed"):
        guard.call(work.segfault, subject="evil.dcm")
    assert guard.call(work.add, 1, 1, subject="x") == 2


def test_nothing_reaches_stdout(guard, capfd):
    assert guard.call(work.chatter, subject="x") == "quiet"
    assert capfd.readouterr().out == ""


def test_a_closed_guard_starts_afresh():
    guard = Guard()
    first = guard.call(work.whoami, subject="x")
    guard.close()
    assert guard.call(work.whoami, subject="x") != first
    guard.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_child_dies_with_its_parent():
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import guarded_work, time\nfrom wetread.guard import Guard\n"
        "g = Guard(); print(g.call(guarded_work.whoami, subject='x'), flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(child)


def test_only_top_level_functions_are_taken(guard):
    with pytest.raises(ValueError, match="top-level"):
        guard.call(lambda: 1, subject="x")
