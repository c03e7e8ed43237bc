"""A folder as a destination: one file a report, named by the study's reference, never by the patient."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from wetread.domain.report import Receipt, Report


class Folder:
    """Writes reports in one format. The same report twice gives the same file and the same receipt."""

    name = "folder"

    def __init__(self, folder: Path, *, render: Callable[[Report], bytes], suffix: str) -> None:
        self._folder = folder
        self._render = render
        self._suffix = suffix

    async def deliver(self, report: Report) -> Receipt:
        """Write whole or not at all.

        Raises: OSError where the folder can't be written.
        """
        data, target = self._render(report), self._target(report)
        await asyncio.to_thread(_write_whole, target, data)
        return self._receipt(report, target, data)

    async def receipt_of(self, report: Report) -> Receipt | None:
        """The receipt where the report lies there already, as it is."""
        data, target = self._render(report), self._target(report)
        there = await asyncio.to_thread(lambda: target.read_bytes() if target.is_file() else None)
        return self._receipt(report, target, data) if there == data else None

    def _target(self, report: Report) -> Path:
        return self._folder / f"{report.study.ref}{self._suffix}"

    def _receipt(self, report: Report, target: Path, data: bytes) -> Receipt:
        digest = hashlib.sha256(data).hexdigest()
        return Receipt(destination=self.name, report_id=report.report_id, reference=f"{target.name} sha256:{digest}")


def _write_whole(target: Path, data: bytes) -> None:
    """A reader of the folder sees the old file or the new one, never half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, spool = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(spool).chmod(0o640)
        Path(spool).replace(target)
    except BaseException:
        Path(spool).unlink(missing_ok=True)
        raise
