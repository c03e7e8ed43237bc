"""The clinical data that ships (vocabulary, urgency policy), parsed strictly; a site's files can replace it."""

import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Coding, Term, Vocabulary
from wetread.domain.waiting import PatientClass
from wetread.errors import ClinicalDataInvalid

CATEGORIES = (0, 1, 2, 3)
MATCHES = {"exact", "broader", "narrower"}
STATES = ("non_diagnostic", "reader_critical_claim", "human_first", "nothing_raised")
AT_ONCE = ("stat", "emergency")


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyPolicy:
    """Every number and priority of the urgency rules, by name. `signed_off_by` is None until a clinician signed."""

    version: str
    sha256: str
    signed_off_by: str | None
    present_from: Mapping[int, float] = field(repr=False)
    uncertain: Mapping[int, Priority] = field(repr=False)
    uncertain_agreed: Priority
    order: Mapping[str, Priority] = field(repr=False)
    state: Mapping[str, Priority] = field(repr=False)
    code: Mapping[str, Priority] = field(repr=False)
    target_min: Mapping[Priority, int] = field(repr=False)
    label: Mapping[Priority, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistPolicy:
    """How long a study may wait for a human. A study is lifted once `lift_share` of its cap has passed."""

    version: str
    sha256: str
    signed_off_by: str | None
    cap_min: Mapping[PatientClass, int] = field(repr=False)
    lift_share: float


def shipped(name: str) -> str:
    """The text of a data file that ships."""
    return files("wetread").joinpath("clinical", name).read_text(encoding="utf-8")


def load_vocabulary(path: Path | None = None) -> Vocabulary:
    """The shipped vocabulary, or a site's: `findings.csv` at `path` with `findings.toml` beside it.

    Raises: ClinicalDataInvalid naming the line.
    """
    if path is None:
        return parse_vocabulary(shipped("findings.csv"), shipped("findings.toml"))
    return parse_vocabulary(_read(path), _read(path.with_suffix(".toml")))


def load_policy(path: Path | None = None) -> UrgencyPolicy:
    """The shipped urgency policy or a site's.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parse_policy(shipped("urgency.toml") if path is None else _read(path))


def load_worklist_policy(path: Path | None = None) -> WorklistPolicy:
    """The shipped waiting caps or a site's.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parse_worklist_policy(shipped("worklist.toml") if path is None else _read(path))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise ClinicalDataInvalid(f"{path}: can't be read ({problem}); name a UTF-8 file that exists") from None


def parse_vocabulary(table: str, about: str) -> Vocabulary:
    """A vocabulary from its CSV table and the TOML that says what it is.

    Raises: ClinicalDataInvalid naming the line and what is wrong with it.
    """
    facts = toml_of(about, "findings.toml")
    terms: dict[str, Term] = {}
    for number, row in enumerate(csv.DictReader(io.StringIO(table)), start=2):
        try:
            term = _term(row)
        except (KeyError, ValueError) as problem:
            raise ClinicalDataInvalid(f"findings.csv line {number}: {problem}") from None
        if term.code in terms:
            raise ClinicalDataInvalid(f"findings.csv line {number}: {term.code} stands there twice")
        terms[term.code] = term
    if not terms:
        raise ClinicalDataInvalid("findings.csv holds no finding")
    return Vocabulary(
        version=str(facts["version"]),
        sha256=hashlib.sha256(table.encode()).hexdigest(),
        signed_off_by=str(facts.get("signed_off_by") or "") or None,
        terms=MappingProxyType(terms),
    )


def _term(row: dict[str, str]) -> Term:
    if None in row or None in row.values():
        raise ValueError("the row has more or fewer fields than the head line")
    if not row["label"].strip():
        raise ValueError("the label is empty")
    code, category = row["id"].strip(), int(row["acr_category"])
    if not code.startswith("wr:"):
        raise ValueError(f"a code starts with 'wr:', got {code!r}")
    if category not in CATEGORIES:
        raise ValueError(f"acr_category is one of {CATEGORIES}, got {category}")
    target_min = int(row["target_min"])
    if target_min < 0:
        raise ValueError(f"target_min can't be negative, got {target_min}")
    floor = Priority(row["priority_floor"])
    if floor is Priority.UNREAD:
        raise ValueError("UNREAD is no floor")
    return Term(
        code=code,
        label=row["label"].strip(),
        modalities=tuple(part.strip() for part in row["modality"].split(",")),
        region=row["region"].strip(),
        acr_category=category,
        floor=floor,
        target_min=target_min,
        coding=_coding(row),
        public_label=row["public_label"].strip() or None,
    )


def _coding(row: dict[str, str]) -> Coding | None:
    if not row["code"].strip():
        return None
    if row["code_match"] not in MATCHES:
        raise ValueError(f"code_match is one of {sorted(MATCHES)}, got {row['code_match']!r}")
    return Coding(system=row["code_system"], code=row["code"], meaning=row["code_meaning"], match=row["code_match"])


def parse_policy(text: str) -> UrgencyPolicy:
    """An urgency policy from its TOML.

    Raises: ClinicalDataInvalid naming the key.
    """
    data = toml_of(text, "urgency.toml")
    try:
        uncertain = {c: Priority(data["uncertain"][f"category_{c}"]) for c in CATEGORIES}
        present_from = {c: float(data["present_from_probability"][f"category_{c}"]) for c in CATEGORIES}
        if not all(0 <= value <= 1 for value in present_from.values()):
            raise ValueError("present_from_probability lies between 0 and 1")
        order = {priority.value: Priority(data["order"][priority.value]) for priority in OrderPriority}
        state = {key: Priority(value) for key, value in data["state"].items()}
        missing = [key for key in STATES if key not in state]
        if missing:
            raise ValueError(f"state.{missing[0]} is missing")
        if any(order[key].rank > Priority.P2.rank for key in AT_ONCE):
            raise ValueError("stat and emergency orders are at least P2")
        return UrgencyPolicy(
            version=str(data["version"]),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            signed_off_by=str(data.get("signed_off_by") or "") or None,
            present_from=MappingProxyType(present_from),
            uncertain=MappingProxyType(uncertain),
            uncertain_agreed=Priority(data["uncertain"]["category_1_agreed"]),
            order=MappingProxyType(order),
            state=MappingProxyType(state),
            code=MappingProxyType({key: Priority(value) for key, value in data["code"].items()}),
            target_min=MappingProxyType({p: int(data["target_min"][p.value]) for p in Priority}),
            label=MappingProxyType({p: str(data["label"][p.value]) for p in Priority}),
        )
    except KeyError as gone:
        raise ClinicalDataInvalid(f"urgency.toml: {gone} is missing; compare it with the shipped file") from None
    except (ValueError, TypeError, AttributeError) as problem:
        raise ClinicalDataInvalid(f"urgency.toml: {problem}; compare it with the shipped file") from None


def parse_worklist_policy(text: str) -> WorklistPolicy:
    """Waiting caps from their TOML.

    Raises: ClinicalDataInvalid naming the key.
    """
    data = toml_of(text, "worklist.toml")
    try:
        cap_min = {place: _minutes(data["cap_min"], place) for place in PatientClass}
        share = data["lift"]["share_of_cap"]
        if not isinstance(share, int | float) or not 0 < share <= 1:
            raise ValueError(f"lift.share_of_cap is more than 0 and at most 1, got {share!r}")
    except KeyError as gone:
        raise ClinicalDataInvalid(f"worklist.toml: {gone} is missing; compare it with the shipped file") from None
    except (ValueError, TypeError) as problem:
        raise ClinicalDataInvalid(f"worklist.toml: {problem}; compare it with the shipped file") from None
    return WorklistPolicy(
        version=str(data["version"]),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        signed_off_by=str(data.get("signed_off_by") or "") or None,
        cap_min=MappingProxyType(cap_min),
        lift_share=float(share),
    )


def _minutes(caps: Mapping[str, object], place: PatientClass) -> int:
    minutes = caps[place.value]
    if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes < 1:
        raise ValueError(f"cap_min.{place.value} is a whole number of minutes from 1 on, got {minutes!r}")
    return minutes


def toml_of(text: str, name: str) -> dict[str, Any]:
    """A data file of TOML, which says its version.

    Raises: ClinicalDataInvalid.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ClinicalDataInvalid(f"{name}: not valid TOML ({problem})") from None
    if not data.get("version"):
        raise ClinicalDataInvalid(f"{name}: version is missing; reports must say which version they rest on")
    return data
