"""Unpack a ZIP archive into a spool folder, bounded and never outside of it."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from wetread.domain.view import Failure
from wetread.errors import FileUnreadable, InputError, TooLarge
from wetread.intake.walk import is_hidden

CHUNK_BYTES = 1 << 20
ENCRYPTED = 0x1
UNPACK_WITH = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
UNTRUSTED = "unpack it yourself if it can be trusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Bounds of one archive.

    `max_ratio` (inflated / stored bytes of the whole archive) counts once `ratio_floor_bytes` are inflated.
    """

    max_entries: int = 50_000
    max_inflated_bytes: int = 8 << 30
    max_ratio: float = 200.0
    ratio_floor_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What came out: the name inside the archive and where the bytes are; and what did not."""

    members: tuple[tuple[str, Path], ...]
    failures: tuple[Failure, ...] = ()


def unpack(path: Path, subject: str, spool: Path, limits: ArchiveLimits) -> Unpacked:
    """Unpack the archive at `path` into the empty folder `spool`, under numbers instead of names.

    Raises: FileUnreadable, TooLarge.
    """
    members: list[tuple[str, Path]] = []
    failures: list[Failure] = []
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > limits.max_entries:
                raise TooLarge(
                    subject, f"it has {len(entries):,} entries, the limit is {limits.max_entries:,}", UNTRUSTED
                )
            budget = _budget(path, limits)
            for entry in _files(entries):
                target = spool / f"{len(members):06d}"
                try:
                    budget -= _unpack_one(archive, entry, target, subject=subject, budget=budget)
                    members.append((entry.filename, target))
                except FileUnreadable as error:
                    failures.append(Failure(file=error.subject, problem=error.problem, remedy=error.remedy))
    except InputError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise FileUnreadable(subject, "the archive is damaged", "ask for it to be resent") from error
    return Unpacked(members=tuple(members), failures=tuple(failures))


def _budget(path: Path, limits: ArchiveLimits) -> int:
    by_ratio = max(int(path.stat().st_size * limits.max_ratio), limits.ratio_floor_bytes)
    return min(by_ratio, limits.max_inflated_bytes)


def _files(entries: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    """The entries that are files and not left behind by an operating system, by name."""
    for entry in sorted(entries, key=lambda entry: entry.filename):
        parts = PurePosixPath(entry.filename).parts
        if not entry.is_dir() and not any(is_hidden(part) for part in parts if part != ".."):
            yield entry


def _refuse(entry: zipfile.ZipInfo, subject: str) -> None:
    """Raises: FileUnreadable for an entry that must not or cannot be unpacked."""
    name = entry.filename.replace("\\", "/")
    shown = f"{subject}!{entry.filename}"
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        raise FileUnreadable(shown, "its name points outside of the archive", "don't trust this archive")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise FileUnreadable(shown, "it is a symbolic link", "don't trust this archive")
    if entry.flag_bits & ENCRYPTED:
        raise FileUnreadable(shown, "it is encrypted", "unpack it with its password first")
    if entry.compress_type not in UNPACK_WITH:
        raise FileUnreadable(shown, "it is compressed in an unusual way", "pack it as a plain ZIP")


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, *, subject: str, budget: int) -> int:
    """Write one entry to `target`; the bytes written.

    Raises: FileUnreadable for this entry, TooLarge for the archive.
    """
    _refuse(entry, subject)
    written = 0
    try:
        with archive.open(entry) as packed, target.open("xb") as out:
            while chunk := packed.read(CHUNK_BYTES):
                written += len(chunk)
                if written > budget:
                    target.unlink()
                    raise TooLarge(subject, "it inflates to more than an archive of its size may", UNTRUSTED)
                out.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        target.unlink(missing_ok=True)
        raise FileUnreadable(
            f"{subject}!{entry.filename}", "it is damaged in the archive", "ask for it again"
        ) from error
    return written
