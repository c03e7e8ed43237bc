"""The inference server of the tests: a child process in an environment of its own, asked over a real socket."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-inference" / "bin" / "python"
SERVER = Path(__file__).with_name("serve.py")
TEXTS = ROOT / "LICENSE"  # English that stays as it is
SEED = "59"  # weights that mostly judge a finding and seldom decline: films shall be read, not only abstained from
ENDED_IN_S = 10


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    if not PYTHON.is_file():
        pytest.skip("the inference server is not installed: make test-inference")
    complaints = tmp_path_factory.mktemp("inference") / "stderr.txt"
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with complaints.open("w") as stderr:
        command = [str(PYTHON), str(SERVER), "--seed", SEED, str(TEXTS)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=offline)
        try:
            address = child.stdout.readline().strip()
            if not address:
                raise RuntimeError(f"the inference server did not start: {complaints.read_text()[-2000:]}")
            yield address
        finally:
            child.terminate()
            child.wait(ENDED_IN_S)
            child.stdout.close()
