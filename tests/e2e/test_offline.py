"""The demo and a read open nothing on the network: they work where there is none."""

import os
import shutil
import subprocess
import sys

import pytest

UNSHARE = shutil.which("unshare")


def without_network(*arguments):
    return [UNSHARE, "--map-root-user", "--net", *map(str, arguments)]


@pytest.fixture(scope="module", autouse=True)
def namespaces():
    if UNSHARE is None or subprocess.run(without_network("true"), capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a network namespace")


def test_there_is_no_network_in_here():
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"
    outcome = subprocess.run(without_network(sys.executable, "-c", code), capture_output=True, check=False)
    assert outcome.returncode != 0


@pytest.mark.parametrize("verb", ["demo", "doctor"])
def test_the_main_job_works_without_a_network(verb, tmp_path):
    arguments = ["demo", "--out", tmp_path / "out"] if verb == "demo" else ["doctor"]
    command = without_network(sys.executable, "-m", "wetread", *arguments)
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=dict(os.environ))
    assert outcome.returncode == 0, outcome.stderr
