"""Where a slice lies, how old the patient was: numbers that several elements tell together."""

import math
from datetime import date

from pydicom.dataset import Dataset

from wetread.dicom.values import items, number, numbers, text

DAYS_PER_YEAR = 365.2425
AGE_UNITS = {"Y": 1.0, "M": 1 / 12, "W": 7 / DAYS_PER_YEAR, "D": 1 / DAYS_PER_YEAR}  # VR AS, PS3.5 table 6.2-1
OLDEST_YEARS = 150


def _plane(dataset: Dataset, macro: str, keyword: str) -> tuple[float, ...]:
    """A plane attribute of the object itself or of its shared functional groups (PS3.3 C.7.6.16)."""
    if found := numbers(dataset, keyword):
        return found
    for group in items(dataset, "SharedFunctionalGroupsSequence"):
        for item in items(group, macro):
            return numbers(item, keyword)
    return ()


def position_mm(dataset: Dataset) -> float | None:
    """Distance of the (first) slice along its normal, in mm; SliceLocation where there is no plane.

    Source: PS3.3 C.7.6.2.1.1.
    """
    position = _plane(dataset, "PlanePositionSequence", "ImagePositionPatient")
    cosines = _plane(dataset, "PlaneOrientationSequence", "ImageOrientationPatient")
    if len(position) == 3 and len(cosines) == 6:
        row, column = cosines[:3], cosines[3:]
        normal = (
            row[1] * column[2] - row[2] * column[1],
            row[2] * column[0] - row[0] * column[2],
            row[0] * column[1] - row[1] * column[0],
        )
        length = math.hypot(*normal)
        if math.isfinite(length) and length > 0.5:  # unit vectors at right angles give 1
            along = sum(a * b for a, b in zip(position, normal, strict=True)) / length
            return along if math.isfinite(along) else None
    return number(dataset, "SliceLocation")


def iso_date(dataset: Dataset, keyword: str) -> str | None:
    """A DA value as ISO 8601 (`2004-01-19`); None where it is no date."""
    found = _date(text(dataset, keyword))
    return found.isoformat() if found else None


def _date(value: str | None) -> date | None:
    digits = (value or "").replace(".", "").replace("-", "")  # 2004.01.19 is ACR-NEMA's
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def parse_age(value: str | None) -> float | None:
    """Years of an age string such as 045Y, 006M or 010D; None where it is none."""
    value = (value or "").strip().upper()
    digits, unit = value[:-1], value[-1:]
    if unit not in AGE_UNITS or not digits.isascii() or not digits.isdigit() or len(digits) > 3:
        return None
    return int(digits) * AGE_UNITS[unit]


def age_years(dataset: Dataset) -> float | None:
    """The patient's age at the study: PatientAge, or from birth date and study date."""
    stated = parse_age(text(dataset, "PatientAge"))
    if stated is not None:
        return stated
    born, studied = _date(text(dataset, "PatientBirthDate")), _date(text(dataset, "StudyDate"))
    if born is None or studied is None or studied < born:
        return None
    years = (studied - born).days / DAYS_PER_YEAR
    return years if years <= OLDEST_YEARS else None
