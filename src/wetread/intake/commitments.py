"""What archives answer to storage commitment, on its way from the listener to the store: one small file each.

A file gets its name only when it is whole and synced, and that name follows from what it says: an archive that reports
twice makes it once.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wetread.intake.spool import sync_folder

FOLDER = "events"  # beside the spool
SUFFIX, PART = ".json", ".part"
MOST_FILES = 10_000  # reports that wait for somebody to read them
MOST_OBJECTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An archive's answer: the objects that it will keep, and those that it won't, each with its reason."""

    transaction_uid: str
    kept: tuple[str, ...]
    failed: tuple[tuple[str, int], ...]
    peer: str
    at: datetime


def put(folder: Path, told: Kept) -> None:
    """Keep an answer durably.

    Raises: OSError (no room left, or too many wait).
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if sum(1 for _ in folder.iterdir()) >= MOST_FILES:
        raise OSError("too many answers wait")
    said = {"transaction_uid": told.transaction_uid, "kept": told.kept, "failed": told.failed}
    name = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:40]
    part = folder / f"{name}-{secrets.token_hex(4)}{PART}"
    try:
        with part.open("xb") as file:
            file.write(json.dumps({**said, "peer": told.peer, "at": told.at.isoformat()}).encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / f"{name}{SUFFIX}")
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def waiting(folder: Path) -> Iterator[tuple[Path, Kept | None]]:
    """The answers that wait, by name; None for a file that holds none. Remove a file once it is in the store."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.suffix == SUFFIX:
            yield path, _read(path)


def _read(path: Path) -> Kept | None:
    try:
        told = json.loads(path.read_bytes())
        return Kept(
            transaction_uid=str(told["transaction_uid"]),
            kept=tuple(str(uid) for uid in told["kept"]),
            failed=tuple((str(uid), int(reason)) for uid, reason in told["failed"]),
            peer=str(told["peer"]),
            at=datetime.fromisoformat(told["at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
