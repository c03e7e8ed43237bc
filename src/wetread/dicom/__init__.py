"""DICOM files to datasets: tolerant of what real senders write, safe against what attackers write."""

from wetread.dicom.elements import PARSE_ERRORS
from wetread.dicom.geometry import age_years, iso_date, position_mm
from wetread.dicom.limits import Limits
from wetread.dicom.opening import Opened, open_dataset
from wetread.dicom.size import check_declared_size, declared_bytes, frame_count
from wetread.dicom.sniff import looks_like_dicom
from wetread.dicom.sos import repair_sos
from wetread.dicom.values import integer, items, number, numbers, text, texts

__all__ = [
    "PARSE_ERRORS",
    "Limits",
    "Opened",
    "age_years",
    "check_declared_size",
    "declared_bytes",
    "frame_count",
    "integer",
    "iso_date",
    "items",
    "looks_like_dicom",
    "number",
    "numbers",
    "open_dataset",
    "position_mm",
    "repair_sos",
    "text",
    "texts",
]
