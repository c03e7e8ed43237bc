"""Dates that go back by whole days; times of day stay (PS3.5 section 6.2: DA, DT, AS)."""

import re
from datetime import date, timedelta

from wetread.privacy.deidentify.options import house_rules

DATE = re.compile(r"(\d{4})([.\-/]?)(\d{2})\2(\d{2})")  # with dots as ACR-NEMA wrote it
DATE_TIME = re.compile(r"(\d{8})(\d{0,6}(?:\.\d{1,6})?)([+-]\d{4})?")
SHORT_DATE_TIME = re.compile(r"(\d{4})(\d{2})?")
AGE = re.compile(r"(\d{3})([DWMY])")
UNITS_A_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}


def date_back(told: str, days: int) -> str | None:
    """A date (DA) so many days earlier; None where it is none."""
    found = DATE.fullmatch(told.strip(" \0"))
    if not found:
        return None
    year, _, month, day = found.groups()
    try:
        return (date(int(year), int(month), int(day)) - timedelta(days=days)).strftime("%Y%m%d").zfill(8)
    except (ValueError, OverflowError):
        return None


def date_time_back(told: str, days: int) -> str | None:
    """A date and time (DT) so many days earlier; what says no day becomes the year of its middle moved along."""
    told = told.strip(" \0")
    found = DATE_TIME.fullmatch(told)
    if found:
        moved = date_back(found[1], days)
        return f"{moved}{found[2]}{found[3] or ''}" if moved else None
    short = SHORT_DATE_TIME.fullmatch(told)
    if not short:
        return None
    moved = date_back(f"{short[1]}{short[2] or '07'}{'15' if short[2] else '01'}", days)
    return moved[: len(told)] if moved else None


def capped_age(told: str) -> str:
    """An age (AS) as it may be told: the oldest are told as one."""
    ages = house_rules()["ages"]
    found = AGE.fullmatch(told.strip(" \0"))
    if not found:
        return ""
    years = int(found[1]) / UNITS_A_YEAR[found[2]]
    return f"{ages['told_years']:03d}Y" if years >= ages["oldest_years"] + 1 else found[0]
