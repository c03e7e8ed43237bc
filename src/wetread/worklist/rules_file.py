"""Routing rules as people write them (TOML), checked at the door; every complaint names its line."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from wetread.domain.arrival import Way
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.errors import ClinicalDataInvalid, UnknownPlugin
from wetread.settings.lines import line_of
from wetread.worklist.rules_conditions import Compared, Condition, Hours, Named, Weekdays

AMOUNT = re.compile(r"(?P<sign>>=|<=|>|<|=)?\s*(?P<value>\d+(\.\d+)?)")
ON_DATE = re.compile(r"(?P<sign>>=|<=|>|<|=)?\s*(?P<value>\d{4}-\d{2}-\d{2})")
HOURS = re.compile(r"(?P<start>\d{2}:\d{2})\s*-\s*(?P<end>\d{2}:\d{2})")
RULE = re.compile(r"^\s*\[\[\s*rule\s*\]\]")
NAMED = ("modality", "body_part", "description", "calling_ae", "called_ae", "address")
CHOSEN = ("patient_class", "order_priority", "way")
COMPARED = ("instances", "age_years", "study_age_days", "study_date")


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _amount(value: object) -> str:
    told = str(value).strip()
    if isinstance(value, bool) or not AMOUNT.fullmatch(told):
        raise ValueError('write a number, with >=, <=, >, < or = before it where it is not exact: ">=2"')
    return told


def _on_date(value: object) -> str:
    told = str(value).strip()
    found = ON_DATE.fullmatch(told)
    if found is None:
        raise ValueError('write a date, with >=, <=, >, < or = before it where it is not exact: ">=2026-01-31"')
    date.fromisoformat(found["value"])
    return told


def _hours(value: str) -> str:
    found = HOURS.fullmatch(value.strip())
    if found is None or _time(found["start"]) == _time(found["end"]):
        raise ValueError('write it as "18:00-07:00"; the two times differ')
    return value.strip()


def _time(text: str) -> time:
    return time.fromisoformat(text)


Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_several), Field(min_length=1, max_length=200)]
Amount = Annotated[str, BeforeValidator(_amount)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _When(_Strict):
    modality: Words | None = None
    body_part: Words | None = None
    description: Words | None = None
    calling_ae: Words | None = None
    called_ae: Words | None = None
    address: Words | None = None
    way: Annotated[tuple[Way, ...] | None, BeforeValidator(_several)] = None
    patient_class: Annotated[tuple[PatientClass, ...] | None, BeforeValidator(_several)] = None
    order_priority: Annotated[tuple[OrderPriority, ...] | None, BeforeValidator(_several)] = None
    instances: Amount | None = None
    age_years: Amount | None = None
    study_age_days: Amount | None = None
    study_date: Annotated[str, BeforeValidator(_on_date)] | None = None
    time_of_day: Annotated[str, AfterValidator(_hours)] | None = None
    weekday: Annotated[tuple[Day, ...] | None, BeforeValidator(_several)] = None


class _Rule(_Strict):
    name: Word
    when: _When = _When()
    unless: _When | None = None
    read_by: Words | None = None
    send_to: Annotated[tuple[Word, ...], BeforeValidator(_several)] | None = None
    add: bool = False
    patient_class: PatientClass | None = None
    priority: Literal["P1", "P2", "P3"] | None = None
    hold: Literal[True] | None = None
    stop: bool = False


class _File(_Strict):
    version: Word | None = None
    note: str | None = None
    time_zone: Word = "UTC"
    rule: tuple[_Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. It applies where every condition of `when` holds and not every one of `unless` (if there are any)."""

    name: str
    line: int | None
    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    read_by: tuple[str, ...] | None
    send_to: tuple[str, ...] | None
    add: bool
    patient_class: PatientClass | None
    priority: Priority | None
    hold: bool
    stop: bool


def parse_rules(text: str, file: str) -> tuple[str | None, ZoneInfo, tuple[Rule, ...]]:
    """The version, the zone of the times of day, and the rules, in the order of the file.

    Raises: ClinicalDataInvalid naming the line.
    """
    try:
        parsed = _File.model_validate(tomllib.loads(text))
        zone = ZoneInfo(parsed.time_zone)
    except tomllib.TOMLDecodeError as problem:
        raise ClinicalDataInvalid(f"{file}: not valid TOML ({problem})") from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise ClinicalDataInvalid(_complaint(text, file, first["loc"], _said(first["type"], first["msg"]))) from None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        told = f"there is no time zone {parsed.time_zone!r} on this machine; write it as Europe/Vienna"
        raise ClinicalDataInvalid(_complaint(text, file, ("time_zone",), told)) from None
    rules = tuple(_rule(one, line_in(text, ("rule", n))) for n, one in enumerate(parsed.rule))
    _refuse_twice(rules, text, file)
    return parsed.version, zone, rules


def refuse_unknown(
    rules: Sequence[Rule], text: str, file: str, *, readers: Sequence[str], destinations: Sequence[str]
) -> None:
    """Every reader and destination that the rules name exists.

    Raises: UnknownPlugin naming the line and what there is.
    """
    for n, rule in enumerate(rules):
        for key, word, named, known in (
            ("read_by", "reader", rule.read_by, readers),
            ("send_to", "destination", rule.send_to, destinations),
        ):
            for name in named or ():
                if name not in known:
                    told = f"no {word} called {name!r}; there are: {', '.join(sorted(known)) or 'none'}"
                    raise UnknownPlugin(_complaint(text, file, ("rule", n, key), told))


def line_in(text: str, path: Sequence[str | int]) -> int | None:
    """The line of a key; `("rule", 1, "when")` is that of the second rule."""
    if len(path) < 2 or path[0] != "rule" or not isinstance(path[1], int):
        return line_of(text, [str(part) for part in path])
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if RULE.match(line)]
    if path[1] >= len(starts):
        return line_of(text, ("rule",))
    start = starts[path[1]]
    end = starts[path[1] + 1] if path[1] + 1 < len(starts) else len(lines)
    inside = line_of("\n".join(lines[start:end]), ("rule", *(str(part) for part in path[2:])))
    return None if inside is None else start + inside


def _rule(one: _Rule, line: int | None) -> Rule:
    return Rule(
        name=one.name,
        line=line,
        when=_conditions(one.when),
        unless=() if one.unless is None else _conditions(one.unless),
        read_by=one.read_by,
        send_to=one.send_to,
        add=one.add,
        patient_class=one.patient_class,
        priority=None if one.priority is None else Priority(one.priority),
        hold=one.hold is True,
        stop=one.stop,
    )


def _conditions(when: _When) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for key in (*NAMED, *CHOSEN):
        patterns = getattr(when, key)
        if patterns:
            found.append(Named(key=key, patterns=tuple(str(getattr(p, "value", p)) for p in patterns)))
    found += [_compared(key, told) for key in COMPARED if (told := getattr(when, key)) is not None]
    if when.time_of_day is not None:
        start, _, end = when.time_of_day.partition("-")
        found.append(Hours(start=_time(start.strip()), end=_time(end.strip())))
    if when.weekday:
        found.append(Weekdays(days=when.weekday))
    return tuple(found)


def _compared(key: str, told: str) -> Compared:
    parts = (ON_DATE if key == "study_date" else AMOUNT).fullmatch(told)
    assert parts is not None, "the door let it in"
    wanted = date.fromisoformat(parts["value"]) if key == "study_date" else float(parts["value"])
    return Compared(key=key, sign=parts["sign"] or "=", wanted=wanted)


def _refuse_twice(rules: Sequence[Rule], text: str, file: str) -> None:
    seen: set[str] = set()
    for n, rule in enumerate(rules):
        if rule.name in seen:
            raise ClinicalDataInvalid(_complaint(text, file, ("rule", n, "name"), "another rule has this name"))
        seen.add(rule.name)


def _said(kind: str, message: str) -> str:
    return "there is no such key" if kind == "extra_forbidden" else message.removeprefix("Value error, ")


def _complaint(text: str, file: str, path: Sequence[str | int], told: str) -> str:
    line = line_in(text, path)
    where = f"{file}:{line}" if line else file
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
    return f"{where}: {key}: {told}"
