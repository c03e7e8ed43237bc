"""The house: sizes of files and functions, and import contracts that can fail."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "wetread"
FILES = sorted(SOURCE.rglob("*.py"))
LINT = Path(sys.executable).parent / "lint-imports"
FORBIDDEN_NAMES = {"utils", "common", "core", "helpers", "services", "managers"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_file_stays_under_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_function_stays_under_50_lines(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            start = first.end_lineno + 1 if documented else node.lineno
            assert node.end_lineno - start + 1 <= 50, f"{node.name} is too long"


def test_no_room_has_a_name_that_says_nothing():
    assert not {path.stem for path in FILES} & FORBIDDEN_NAMES
    assert not {path.name for path in SOURCE.rglob("*") if path.is_dir()} & FORBIDDEN_NAMES


def test_the_word_model_names_no_file_or_class():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                words = node.name.lower().replace("model_id", "").replace("model_validator", "")
                assert "model" not in words, f"{path.name}: {node.name}"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--config", str(folder / "pyproject.toml"), "--no-cache"],
        cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder / "src"), "PATH": ""},
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(SOURCE, folder / "src" / "wetread", ignore=shutil.ignore_patterns("*.onnx", "__pycache__", "*.dcm"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def test_the_import_contracts_hold(house):
    result = lint(house)
    assert result.returncode == 0, result.stdout


PLANTED = {
    "a lower room imports a higher one": ("domain/study.py", "import wetread.pipeline"),
    "a lazy import inside a function counts too": ("errors.py", "def late():\n    import wetread.cli"),
    "siblings import one another": ("reporting/__init__.py", "import wetread.panel"),
    "the words touch numpy": ("domain/finding.py", "import numpy"),
    "a reader touches DICOM": ("readers/picture.py", "def late():\n    import pydicom"),
    "a room that was never placed": ("cellar/__init__.py", ""),
    "a cycle between siblings": ("domain/urgency.py", "import wetread.domain.vocabulary"),
}


@pytest.mark.parametrize(("where", "line"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_breaks_a_contract(house, where, line):
    path = house / "src" / "wetread" / where
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text((before or '"""Planted."""\n') + "\n" + line + "\n")
    try:
        result = lint(house)
    finally:
        path.write_text(before) if before is not None else shutil.rmtree(path.parent)
    assert result.returncode == 1, f"the violation went unnoticed\n{result.stdout}"
    assert "BROKEN" in result.stdout or "not listed" in result.stdout or "exhaustive" in result.stdout.lower()
