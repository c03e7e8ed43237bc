"""What the user says of pictures, which know nothing of themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Fills what a picture does not say; a DICOM header is never overruled."""

    modality: str | None = None
    body_part: str | None = None
    projection: str | None = None
