"""The page of the tutorial, run as it stands: a newcomer starts the service, sends a study and sees it ranked."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from service.running import free_port

PAGE = Path(__file__).parents[3] / "docs/tutorial/first-worklist.md"


@pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")
def test_the_first_worklist_of_the_tutorial_works_as_it_is_printed(tmp_path):
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.strip()[2:] for block in blocks for line in block.splitlines() if line.strip().startswith("$ ")]
    http, dicom = str(free_port()), str(free_port())
    script = "\n".join(["set -em", *lines, "wait || true"]).replace("8080", http).replace("11112", dicom)
    # Two differences: the ports are free ones, and it is the machine that waits for the first start.
    ready = f"for i in $(seq 300); do curl -sf http://127.0.0.1:{http}/readyz >/dev/null && break; sleep 0.2; done"
    script = script.replace("storescu ", f"{ready}\n/usr/bin/storescu ", 1)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "XDG_DATA_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "list.json").read_text())["rows"]
    assert len(rows) == 3
    assert {row["status"] for row in rows} <= {"reported", "failed"}
    assert [row["deadline"] for row in rows] == sorted(row["deadline"] for row in rows)
    assert all(row["why"] for row in rows)
    unread = [row for row in rows if row["priority"] == "UNREAD"]
    assert len(unread) == 1, "the CT is not for the embedded reader"
    assert "UNREAD" in done.stdout
