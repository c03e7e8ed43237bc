"""Options that several verbs share, declared once."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path], typer.Argument(help="files, folders, ZIP archives or DICOMDIRs", exists=True, show_default=False)
]
Out = Annotated[Path | None, typer.Option("--out", help="folder to write to", file_okay=False)]
Modality = Annotated[str | None, typer.Option(help="modality of bare pictures, e.g. DX", show_default=False)]
BodyPart = Annotated[str | None, typer.Option(help="body part of bare pictures, e.g. CHEST", show_default=False)]
Projection = Annotated[str | None, typer.Option(help="projection of bare pictures, e.g. PA", show_default=False)]

Data = Annotated[
    Path | None, typer.Option("--data", help="the service's data folder; else the setting data_dir", file_okay=False)
]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", help="postgresql:// URL; a SQLite file in the data folder otherwise")
]


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"
    DICOM_SR = "dicom-sr"
    DICOM_KO = "dicom-ko"
    DICOM_GSPS = "dicom-gsps"
    DICOM_SC = "dicom-sc"
    DICOM_PDF = "dicom-pdf"
    HL7 = "hl7"
    FHIR = "fhir"


class TextOrJson(StrEnum):
    """How a table is written."""

    TEXT = "text"
    JSON = "json"


def named_day(written: str | None) -> datetime | None:
    """The start of a day as somebody wrote it, or the moment, in UTC unless it names its zone; None for None.

    Raises: BadParameter.
    """
    if written is None:
        return None
    try:
        told = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(f"{written!r} is no day; write 2026-11-21") from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
