"""The routing rules in force, to look at: as they are written and as they are understood."""

import json
import tomllib
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from wetread.domain.audit import Action
from wetread.domain.clinical_data import shipped
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.errors import ConfigurationError
from wetread.server.problems import PROBLEMS
from wetread.server.witness import SettingsViewer
from wetread.wiring.names import known_readers
from wetread.wiring.routing import destination_names
from wetread.worklist.rules import SHIPPED
from wetread.worklist.rules_file import Rule, parse_rules, refuse_unknown

router = APIRouter(tags=["settings"], responses=PROBLEMS)
Conditions = dict[str, JsonValue]


class RuleView(BaseModel):
    """One rule. `when` and `unless` are as written; null readers or destinations are left as they were."""

    name: str
    line: int | None
    when: Conditions
    unless: Conditions | None
    read_by: list[str] | None
    send_to: list[str] | None
    add: bool
    patient_class: PatientClass | None
    priority: Priority | None
    hold: bool
    stop: bool


class RulesView(BaseModel):
    """The rules file in force; `is_default`: the site has none. With `problems` it can't be used as it is."""

    file: str
    is_default: bool
    text: str
    version: str | None
    time_zone: str | None
    rules: list[RuleView]
    problems: list[str]


@router.get("/settings/rules")
def rules(who: SettingsViewer) -> RulesView:
    """Which studies are read by whom and go where."""
    who.saw(Action.SETTINGS_VIEW, "settings/rules")
    path = who.ground.service.rules_file
    file = SHIPPED if path is None else path.name
    view = RulesView(file=file, is_default=path is None, text="", version=None, time_zone=None, rules=[], problems=[])
    try:
        view.text = shipped(SHIPPED) if path is None else _text(path)
        version, zone, parsed = parse_rules(view.text, file)
        view.version, view.time_zone = version, str(zone)
        written = tomllib.loads(view.text).get("rule", [])
        view.rules = [_view(one, said) for one, said in zip(parsed, written, strict=True)]
        settings = who.ground.service.settings
        known = tuple(known_readers(settings))
        refuse_unknown(parsed, view.text, file, readers=known, destinations=destination_names(settings))
    except (ConfigurationError, _Unreadable) as problem:
        view.problems.append(str(problem))
    return view


class _Unreadable(Exception):
    """The file can't be read."""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise _Unreadable(f"{path.name} can't be read ({problem.strerror})") from None
    except UnicodeDecodeError:
        raise _Unreadable(f"{path.name} is no UTF-8 text") from None


def _view(rule: Rule, written: dict[str, Any]) -> RuleView:
    unless = written.get("unless")
    return RuleView(
        name=rule.name,
        line=rule.line,
        when=_plain(written.get("when", {})),
        unless=None if unless is None else _plain(unless),
        read_by=None if rule.read_by is None else list(rule.read_by),
        send_to=None if rule.send_to is None else list(rule.send_to),
        add=rule.add,
        patient_class=rule.patient_class,
        priority=rule.priority,
        hold=rule.hold,
        stop=rule.stop,
    )


def _plain(conditions: dict[str, Any]) -> Conditions:
    """As JSON: TOML knows dates, which are told as they are written."""
    told: Conditions = json.loads(json.dumps(conditions, default=str))
    return told
