"""A folder as a source of cases: the pictures lie in it, and one file says whose they are and what is true of them."""

from pathlib import Path

from wetread.errors import InputError

NAMES = ("cases.csv", "cases.jsonl", "labels.csv", "labels.jsonl")
SUFFIXES = (".csv", ".jsonl", ".ndjson")
EXPLAIN = "put a cases.csv with file or study_uid, patient_id and labels joined by | into it"


def case_file(path: Path) -> Path:
    """The case file: `path` itself, or the one that lies in the folder.

    Raises: InputError where a folder holds none, or several of which none has a name of its own.
    """
    if not path.is_dir():
        return path
    for name in NAMES:
        if (path / name).is_file():
            return path / name
    found = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and one.is_file())
    found = [one for one in found if one.name not in {"log.jsonl", "errors.jsonl"}]
    if len(found) != 1:
        which = "no case file" if not found else f"several files that could be one ({', '.join(f.name for f in found)})"
        raise InputError(path.name or "the folder", f"holds {which}", EXPLAIN)
    return found[0]
