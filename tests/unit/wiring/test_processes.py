"""The crew: what ends is begun again, what refuses its settings ends the whole, nobody outlives the parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from wetread.errors import ConfigurationError
from wetread.wiring.processes import Crew, Process, host_and_port

PYTHON = (sys.executable, "-c")


def stop_soon(crew, after_s):
    threading.Timer(after_s, crew.stopping.set).start()


@pytest.fixture(autouse=True)
def signals():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_process_that_ends_is_begun_again(tmp_path):
    code = f"open({str(tmp_path / 'n')!r}, 'a').write('x')"
    crew = Crew((Process("one", (code,)),), program=PYTHON)
    stop_soon(crew, 1.5)
    assert crew.run() == 0
    assert len((tmp_path / "n").read_text()) >= 2


def test_a_process_that_refuses_its_settings_ends_the_whole():
    crew = Crew((Process("bad", ("raise SystemExit(2)",)), Process("good", ("import time; time.sleep(60)",))), PYTHON)
    assert crew.run() == 2
    assert crew.processes[1].child.poll() is not None


def test_a_killed_process_is_begun_again_while_the_others_go_on():
    sleep = "import time; time.sleep(60)"
    crew = Crew((Process("a", (sleep,)), Process("b", (sleep,))), PYTHON)
    seen = {}

    def kill():
        seen["a"], seen["b"] = (process.child.pid for process in crew.processes)
        os.kill(seen["a"], signal.SIGKILL)

    threading.Timer(0.4, kill).start()
    stop_soon(crew, 1.5)
    crew.run()
    assert crew.processes[0].child.pid != seen["a"]
    assert crew.processes[1].child.pid == seen["b"]


def test_a_child_ends_when_its_parent_was_killed(tmp_path):
    child = "from wetread.wiring.processes import end_with_parent; import time; end_with_parent(); time.sleep(60)"
    parent = (
        "import sys, time; from wetread.wiring.processes import Crew, Process\n"
        f"crew = Crew((Process('c', ({child!r},)),), ({sys.executable!r}, '-c'))\n"
        "import threading; t = threading.Timer(1, lambda: print(crew.processes[0].child.pid, flush=True)); t.start()\n"
        "crew.run()"
    )
    running = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    pid = int(running.stdout.readline())
    running.kill()
    running.wait()
    until = time.monotonic() + 10
    while time.monotonic() < until and Path(f"/proc/{pid}").exists():
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()


def test_port_zero_becomes_a_free_port_and_nonsense_is_named():
    host, port = host_and_port("127.0.0.1:0", "--http")
    assert host == "127.0.0.1"
    assert port > 0
    with pytest.raises(ConfigurationError, match="--dicom 'here' is no HOST:PORT"):
        host_and_port("here", "--dicom")
