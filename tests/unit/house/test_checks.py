"""`scripts/check` fails where any one of its checks does."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "check"
TOOLS = (".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/lint-imports", ".venv/bin/python")
SCRIPTS = ("scripts/check-examples", "scripts/check-web")
TOOL = '#!/bin/sh\ncase "${0##*/} $*" in "$FAILS"*) exit 1;; esac\n'


def checked(folder: Path, fails: str) -> int:
    """The script's exit status where every tool is content but the one whose call begins so."""
    for name in (*TOOLS, *SCRIPTS):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TOOL)
        path.chmod(0o755)
    shutil.copy(SCRIPT, folder / "scripts/check")
    environment = {"PATH": "/usr/bin:/bin", "FAILS": fails}
    return subprocess.run([folder / "scripts/check"], env=environment, capture_output=True, check=False).returncode


def test_content_tools_are_a_green_check(tmp_path):
    assert checked(tmp_path, "nobody") == 0


@pytest.mark.parametrize(
    "fails",
    [
        "ruff check",
        "ruff format",
        "mypy",
        "lint-imports",
        "python scripts/check_docs.py",
        "python scripts/make_openapi.py",
        "check-examples",
        "check-web",
    ],
)
def test_one_that_is_not_content_fails_it(tmp_path, fails):
    assert checked(tmp_path, fails) != 0
