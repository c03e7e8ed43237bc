"""What one DICOM file may cost, checked before anything is allocated."""

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds for one file; all sizes are in bytes.

    `max_file_bytes`: the file as it is stored.
    `max_inflated_bytes`: the dataset of a Deflated transfer syntax after inflating (PS3.5 A.5).
    `max_pixels_bytes`: rows x columns x frames x samples x bytes a sample, as the header declares them.
    `max_nesting`: sequences within sequences.
    """

    max_file_bytes: int = 4 * GIB
    max_inflated_bytes: int = 1 * GIB
    max_pixels_bytes: int = 1 * GIB
    max_nesting: int = 32
