"""The three files as TOML. Each is read back by the loader of the product before it is called written."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from wetread.evaluate.calibrate.maps import FindingMap
from wetread.evaluate.calibrate.screen import ScreenFigures
from wetread.evaluate.calibrate.subjects import Subject
from wetread.evaluate.calibrate.votes import Votes
from wetread.evaluate.conformal import Sets
from wetread.evaluate.metrics import Degenerate
from wetread.readers.site_calibration import SCHEMA

DRAFT = "# Measured on this site's own cases by wetread calibrate. Not signed off by a clinician."


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What every file says first: where it was measured, when, and the last day on which it counts (UTC)."""

    measured_on: str
    measured: date
    valid_until: date
    cases_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What was measured of one reader."""

    subject: Subject
    maps: tuple[FindingMap, ...]
    degenerate: tuple[Degenerate, ...]
    sets: Sets | None


def calibration_toml(header: Header, readers: Sequence[Calibrated]) -> str:
    """`calibration.toml`."""
    blocks = [_lines({"schema": SCHEMA, **_head(header), "cases_sha256": header.cases_sha256})]
    for one in readers:
        blocks += [_table("maps", row) for row in _maps(one)]
        blocks += [_table("excluded", row) for row in _excluded(one)]
        blocks += [_sets(one, one.sets)] if one.sets else []
    return "\n\n".join([DRAFT, *blocks]) + "\n"


def _owner(subject: Subject) -> dict[str, object]:
    return {"reader": subject.name, "fingerprint": subject.fingerprint}


def _maps(one: Calibrated) -> Iterator[dict[str, object]]:
    for row in one.maps:
        if row.fitted is None and row.threshold is None:
            continue
        told = {**_owner(one.subject), "code": row.code, "n": row.n, "n_pos": row.n_pos}
        if row.threshold is not None:
            told["threshold"] = row.threshold
        if row.fitted is not None:
            told["map"] = {"kind": row.fitted.kind, **row.fitted.numbers}
        yield told


def _excluded(one: Calibrated) -> Iterator[dict[str, object]]:
    for row in one.degenerate:
        yield {**_owner(one.subject), "code": row.code, "what": row.what, "reason": row.reason}


def _sets(one: Calibrated, sets: Sets) -> str:
    levels = [
        {"priority": priority.value, "n": n, **({} if limit is None else {"limit": limit})}
        for priority, limit, n in zip(sets.priorities, sets.limits, sets.counted, strict=True)
    ]
    return _table("urgency", {**_owner(one.subject), "alpha": sets.alpha, "levels": levels})


def weights_toml(header: Header, votes: Votes) -> str:
    """`weights.toml`, as docs/explanation/panel.md describes it."""
    about = f"# correlation: the mean over {votes.pairs} pairs of rows of errors; 1 where there were none to compare"
    head = _lines({**_head(header), "correlation": round(votes.correlation, 4)})
    groups = "\n".join(["[groups]", _lines({name: list(codes) for name, codes in votes.groups.items()})])
    shares = "\n".join(["[prevalence]", _lines({name: round(p, 6) for name, p in votes.prevalence.items()})])
    rows = [
        _table(
            "figures",
            {
                "reader": one.reader,
                "group": one.group,
                **{name: getattr(one, name) for name in ("tp", "fn", "fp", "tn")},
                "fingerprint": one.fingerprint,
            },
        )
        for one in votes.counts
    ]
    parts = [f"{DRAFT}\n{about}", head, *([groups] if votes.groups else []), shares, *rows]
    return "\n\n".join(parts) + "\n"


def cascade_toml(header: Header, figures: ScreenFigures) -> str:
    """`cascade.toml`, as docs/explanation/panel.md describes it."""
    about = f"# {figures.screen} first, then {figures.then}"
    names = ("fingerprint", "uncertain_from", "abnormal", "missed", "found_by_second", "screened", "escalated")
    told: dict[str, object] = {"screen": figures.screen, **_head(header)}
    told |= {name: getattr(figures, name) for name in (*names, "cost_first_usd", "cost_then_usd")}
    if figures.calibration is not None:
        told["calibration"] = figures.calibration
    return f"{DRAFT}\n{_safe(about)}\n\n{_lines(told)}\n"


def _head(header: Header) -> dict[str, object]:
    return {"measured_on": header.measured_on, "date": header.measured, "valid_until": header.valid_until}


def _table(name: str, row: Mapping[str, object]) -> str:
    return f"[[{name}]]\n{_lines(row)}"


def _lines(row: Mapping[str, object]) -> str:
    return "\n".join(f"{_key(name)} = {_value(value)}" for name, value in row.items())


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _value(name)


def _value(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return _many(value)
    if isinstance(value, str):
        return _safe(json.dumps(value, ensure_ascii=False))
    return json.dumps(value)


def _many(values: Iterable[object]) -> str:
    return "[" + ", ".join(map(_value, values)) + "]"


def _safe(text: str) -> str:
    """JSON lets a DEL stand in a string, TOML does not; a comment holds no line's end."""
    return text.replace("\x7f", "\\u007f").replace("\r", " ").replace("\n", " ")
