"""PS3.15 Table E.1-1 (attributes) and E.3.4-1 (content items), and what an action comes to for one kind of object."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from wetread.domain.clinical_data import shipped
from wetread.errors import ClinicalDataInvalid

STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."  # the SOP classes of storage stand below it; the data file leaves it out
KEEP, CLEAN = "K", "C"
ACTIONS = frozenset(("X", "Z", "D", "U", "K", "C", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*"))


@dataclass(frozen=True, slots=True)
class Rule:
    """What the basic profile does and what options do instead."""

    basic: str
    options: Mapping[str, str] = field(default_factory=dict)

    def action(self, columns: frozenset[str]) -> str:
        """The action with these options; keeping goes before cleaning, as each option only ever adds."""
        chosen = {action for name, action in self.options.items() if name in columns}
        return KEEP if KEEP in chosen else CLEAN if CLEAN in chosen else self.basic


@cache
def attribute_rules() -> Mapping[int, Rule]:
    """Rules by tag. Curves, overlays and private attributes are no single tag: `elements` knows them.

    Raises: ClinicalDataInvalid.
    """
    rows = _rows("deidentify.csv", 4)
    return {int(row["tag"], 16): _rule(row) for row in rows if _is_tag(row["tag"])}


@cache
def content_rules() -> Mapping[tuple[str, str, str], Rule]:
    """Rules of SR content items by coding scheme, code and value type.

    Raises: ClinicalDataInvalid.
    """
    rows = _rows("deidentify_content.csv", 5)
    return {(row["scheme"], row["code"], row["value_type"]): _rule(row) for row in rows}


def resolved(action: str, tag: int, sop_class_uid: str, *, top: bool) -> str:
    """One of X, Z, D, U, K, C: what a compound action comes to.

    At the top of an object of a known SOP class the attribute's type says it (PS3.3); elsewhere what is always valid
    is chosen: a dummy where the row allows one, an empty value otherwise, and no sequence rather than an empty one
    inside another. References to images are kept (U).
    """
    if "/" not in action:
        return action
    allowed = action.split("/")
    if allowed[-1] == "U*":
        return "U"
    if not top and action == "X/Z" and dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ":
        return "X"
    kind = _types(sop_class_uid).get(tag, 3) if top and sop_class_uid in _known() else 1
    wanted = {1: "D", 2: "Z", 3: "X"}[kind]
    if wanted in allowed:
        return wanted
    return allowed[-1] if wanted == "D" else allowed[0] if wanted == "X" else allowed[-1]


@cache
def _types(sop_class_uid: str) -> Mapping[int, int]:
    """Types 1 and 2 of the attributes that a compound action is about, in objects of one class."""
    rows = [row for row in _rows("deidentify_types.csv", 3) if row["type"]]
    return {int(row["tag"], 16): int(row["type"]) for row in rows if sop_class_uid in _classes(row["sop_classes"])}


@cache
def _known() -> frozenset[str]:
    return frozenset(
        uid for row in _rows("deidentify_types.csv", 3) if row["tag"] == "known" for uid in _classes(row["sop_classes"])
    )


def _classes(told: str) -> list[str]:
    return [uid[1:] if uid.startswith("=") else STORAGE_ROOT + uid for uid in told.split()]


@cache
def _rows(name: str, fewest: int) -> tuple[Mapping[str, str], ...]:
    rows = tuple(csv.DictReader(io.StringIO(shipped(name))))
    if not rows or len(rows[0]) < fewest:
        raise ClinicalDataInvalid(f"{name} is no table of this kind; compare it with the shipped file")
    return rows


def _is_tag(told: str) -> bool:
    try:
        int(told, 16)
    except ValueError:
        return False
    return len(told) == 8


def _rule(row: Mapping[str, str]) -> Rule:
    basic = row["basic"]
    options = {name: row[name] for name in row if name.startswith(("retain_", "clean_")) and row[name]}
    if basic not in ACTIONS or not set(options.values()) <= ACTIONS:
        raise ClinicalDataInvalid(f"the rules of de-identification name an unknown action in the row {dict(row)}")
    return Rule(basic, options)
