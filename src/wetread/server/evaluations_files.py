"""The folders that `wetread evaluate` wrote, as the API reads them: by name, within limits, never outside."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wetread.errors import InputError, NotFound, TooLarge

METRICS, CURVES, ERRORS = "metrics.json", "curves.json", "errors.jsonl"
SCHEMAS = {METRICS: "wetread.metrics/", CURVES: "wetread.curves/"}
MOST_FOLDERS = 500
LARGEST_BYTES = {METRICS: 32 * 1024 * 1024, CURVES: 64 * 1024 * 1024, ERRORS: 256 * 1024 * 1024}
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
AGAIN = "run `wetread evaluate` on it once more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One evaluation. `at` is when its figures were written."""

    name: str
    path: Path
    at: datetime


def folders(root: Path) -> tuple[Folder, ...]:
    """The evaluations in `root`, the newest first; none where there is no such folder."""
    if not root.is_dir():
        return ()
    found = [one for path in root.iterdir() if (one := _folder(path)) is not None]
    return tuple(sorted(found, key=lambda one: (one.at, one.name), reverse=True)[:MOST_FOLDERS])


def folder(root: Path, name: str) -> Folder:
    """The evaluation of this name. `name` follows `NAME`, so it can't climb out.

    Raises: NotFound.
    """
    found = _folder(root / name)
    if found is None:
        raise NotFound(f"there is no evaluation {name!r}; `wetread evaluate CASES --out {root.name}/NAME` makes one")
    return found


def _folder(path: Path) -> Folder | None:
    file = path / METRICS
    if not file.is_file():
        return None
    return Folder(name=path.name, path=path, at=datetime.fromtimestamp(file.stat().st_mtime, UTC))


def document(found: Folder, file: str) -> dict[str, Any]:
    """The JSON document of this name.

    Raises: NotFound where the folder lacks it, TooLarge, InputError where it is not what it should be.
    """
    path = _measured(found, file)
    try:
        told = json.loads(path.read_bytes(), parse_constant=_no_number)
    except ValueError:
        told = None
    if not isinstance(told, dict) or not str(told.get("schema", "")).startswith(SCHEMAS[file]):
        raise InputError(found.name, f"its {file} is no {SCHEMAS[file]}1 document", AGAIN)
    return told


def lines(found: Folder) -> Iterator[dict[str, Any]]:
    """The rows of errors.jsonl in the order of the file.

    Raises: NotFound, TooLarge, InputError naming the line that is none.
    """
    with _measured(found, ERRORS).open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                told = json.loads(line, parse_constant=_no_number)
            except ValueError:
                told = None
            if not isinstance(told, dict):
                raise InputError(found.name, f"line {number} of its {ERRORS} is no row", AGAIN)
            yield told


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _measured(found: Folder, file: str) -> Path:
    path = found.path / file
    if not path.is_file():
        raise NotFound(f"the evaluation {found.name!r} holds no {file}; {AGAIN}")
    if path.stat().st_size > LARGEST_BYTES[file]:
        raise TooLarge(found.name, f"its {file} is larger than {LARGEST_BYTES[file]} bytes", "leave readers out")
    return path
