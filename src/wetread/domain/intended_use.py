"""What the software is for and what it is not for, as a data file that ships says it."""

from dataclasses import dataclass

from wetread.domain.clinical_data import shipped, toml_of
from wetread.errors import ClinicalDataInvalid

NAME = "intended_use.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntendedUse:
    """The statement that stands on every page and its two lists. `reviewed_by` is None until somebody qualified did."""

    version: str
    date: str
    note: str
    reviewed_by: str | None
    statement: str
    intended_use: tuple[str, ...]
    not_for: tuple[str, ...]


def load_intended_use() -> IntendedUse:
    """What ships.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parse_intended_use(shipped(NAME))


def parse_intended_use(text: str) -> IntendedUse:
    """The intended use from its TOML.

    Raises: ClinicalDataInvalid naming the key.
    """
    data = toml_of(text, NAME)
    try:
        statement, lists = str(data["statement"]), (tuple(map(str, data[key])) for key in ("intended_use", "not_for"))
        intended, not_for = lists
    except KeyError as gone:
        raise ClinicalDataInvalid(f"{NAME}: {gone} is missing; restore the shipped file") from None
    if not (statement and intended and not_for):
        raise ClinicalDataInvalid(f"{NAME}: the statement and both lists say something; restore the shipped file")
    return IntendedUse(
        version=str(data["version"]),
        date=str(data.get("date", "")),
        note=str(data.get("note", "")),
        reviewed_by=str(data.get("reviewed_by") or "") or None,
        statement=statement,
        intended_use=intended,
        not_for=not_for,
    )
