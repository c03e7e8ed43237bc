"""A folder as a destination: one file a report, named by the study's reference, never by the patient."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from wetread.domain.report import Receipt, Report

NOTHING = "nothing to write in this format"


class Folder:
    """Writes reports in one format. The same report twice gives the same files and the same receipt.

    `render` gives the files of a report: one for most formats; the second is named `<reference>-2<suffix>`.
    """

    def __init__(
        self, folder: Path, *, render: Callable[[Report], tuple[bytes, ...]], suffix: str, name: str = "folder"
    ) -> None:
        self.name = name
        self._folder = folder
        self._render = render
        self._suffix = suffix

    async def deliver(self, report: Report) -> Receipt:
        """Write each file whole or not at all.

        Raises: OSError where the folder can't be written; what `render` raises.
        """
        files = await asyncio.to_thread(self._files, report)
        for target, data in files.items():
            await asyncio.to_thread(_write_whole, target, data)
        return self._receipt(report, files)

    async def receipt_of(self, report: Report) -> Receipt | None:
        """The receipt where the report lies there already, as it is."""
        files = await asyncio.to_thread(self._files, report)
        for target, data in files.items():
            if await asyncio.to_thread(_content, target) != data:
                return None
        return self._receipt(report, files) if files else None

    def _files(self, report: Report) -> dict[Path, bytes]:
        numbered = enumerate(self._render(report), start=1)
        return {
            self._folder / f"{report.study.ref}{'' if number == 1 else f'-{number}'}{self._suffix}": data
            for number, data in numbered
        }

    def _receipt(self, report: Report, files: dict[Path, bytes]) -> Receipt:
        told = [f"{target.name} sha256:{hashlib.sha256(data).hexdigest()}" for target, data in files.items()]
        return Receipt(destination=self.name, report_id=report.report_id, reference=", ".join(told) or NOTHING)


def _content(target: Path) -> bytes | None:
    return target.read_bytes() if target.is_file() else None


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
