"""Reports leave: to the terminal, to a folder with a receipt each, in every format that there is."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from wetread.delivery.folder import NOTHING
from wetread.domain.report import Receipt, Report
from wetread.domain.study import Series
from wetread.domain.view import Failure
from wetread.errors import InputError
from wetread.plugins import DESTINATIONS, factory
from wetread.reporting import render
from wetread.reporting.render import FORMATS
from wetread.settings import HL7Names

DICOM = "dicom-"
SUFFIXES = {
    "text": ".txt",
    "json": ".json",
    "html": ".html",
    "pdf": ".pdf",
    "dicom-sr": ".sr.dcm",
    "dicom-ko": ".ko.dcm",
    "dicom-gsps": ".gsps.dcm",
    "dicom-sc": ".sc.dcm",
    "dicom-pdf": ".pdf.dcm",
    "hl7": ".hl7",
    "fhir": ".fhir.json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written, and the studies that can't be told in that format."""

    receipts: tuple[Receipt, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def empty(self) -> int:
        """How many reports have nothing to show in that format: no finding with a place, say."""
        return sum(receipt.reference == NOTHING for receipt in self.receipts)


def rendered(report: Report, output: str) -> bytes:
    """The report in a format that is one document.

    Raises: MissingExtra naming the extra to install, InputError where the study can't be told in it.
    """
    return parts(report, output)[0]


def told(report: Report, output: str) -> bytes:
    """The report as a page for other systems: its images by number, not by where they lie here.

    Raises: as `rendered`.
    """
    return rendered(report if output == "json" else _without_paths(report), output)


def parts(report: Report, output: str) -> tuple[bytes, ...]:
    """The report as files of one format: one for most, one an object for DICOM, none where there is nothing to show.

    Raises: MissingExtra naming the extra to install, InputError where the study can't be told in it.
    """
    if output in FORMATS:
        return (render(report, output),)
    if output.startswith(DICOM):
        return _objects(report, output.removeprefix(DICOM))
    return (_message(report, output),)


def deliver_all(reports: Iterable[Report], folder: Path, output: str) -> Written:
    """Each report as a file in the folder; the batch goes on where one can't be told in that format.

    Raises: MissingExtra naming the extra to install, OSError.
    """
    build = factory(DESTINATIONS, "folder")
    destination = build(folder, render=partial(_turned, output), suffix=SUFFIXES[output])
    now = datetime.now(UTC).astimezone()
    receipts, failures = [], []
    for report in reports:
        try:
            receipts.append(asyncio.run(destination.deliver(dated(report, output, now))))
        except InputError as problem:
            failures.append(Failure(file=problem.subject, problem=problem.problem, remedy=problem.remedy))
    return Written(receipts=tuple(receipts), failures=tuple(failures))


def dated(report: Report, output: str, now: datetime) -> Report:
    """The report with its time of writing, for formats that must state one."""
    return report if report.made_at is not None or output in FORMATS else replace(report, made_at=now)


def _objects(report: Report, kind: str) -> tuple[bytes, ...]:
    from wetread.delivery.made import Kind
    from wetread.delivery.objects.make import make_objects

    return tuple(made.data for made in make_objects(report, (Kind(kind),), told))


def _message(report: Report, output: str) -> bytes:
    if output == "hl7":
        from wetread.delivery.hl7 import as_oru

        return as_oru(report, names=HL7Names(), text=told(report, "text").decode("utf-8"))
    from wetread.delivery.fhir import as_bundle, bundle_bytes

    return bundle_bytes(as_bundle(report, text=told(report, "text").decode("utf-8")))


def _without_paths(report: Report) -> Report:
    number = count(1)

    def named(series: Series) -> Series:
        return replace(series, instances=tuple(replace(one, file=f"image {next(number)}") for one in series.instances))

    return replace(report, study=replace(report.study, series=tuple(map(named, report.study.series))))


def _turned(output: str, report: Report) -> tuple[bytes, ...]:
    return parts(report, output)
