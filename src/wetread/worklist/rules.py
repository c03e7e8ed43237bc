"""Which studies are read by which readers and sent where: a site's rules, and what each of them said to a study.

Every rule that applies counts, in the order of the file, until one says `stop`. A later rule's `read_by` and `send_to`
take the place of an earlier one's (`add = true`: come to them); of `priority` the most urgent stays; `hold` stays.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from wetread.domain.arrival import Arrival
from wetread.domain.clinical_data import shipped
from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.errors import ClinicalDataInvalid
from wetread.worklist.rules_conditions import RoutingFacts, Verdict
from wetread.worklist.rules_file import Rule, parse_rules, refuse_unknown

SHIPPED = "rules.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site has: the readers and destinations that rules may name, and what counts where none does."""

    default_readers: tuple[str, ...]
    destinations: tuple[str, ...]
    readers: tuple[str, ...] | None = None


class Outcome(StrEnum):
    """What became of one rule."""

    APPLIED = "applied"
    DID_NOT_APPLY = "did not apply"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One rule and what it said to a study."""

    rule: str
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where a study goes. On hold no reader is asked: a human reads it."""

    readers: tuple[str, ...]
    destinations: tuple[str, ...]
    patient_class: PatientClass
    priority_floor: Priority | None
    hold: bool
    why: tuple[str, ...]
    tried: tuple[Tried, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A site's rules in their order. `zone` is that of their times of day."""

    version: str
    zone: ZoneInfo
    rules: tuple[Rule, ...]
    site: Site

    def route(self, facts: RoutingFacts, now: datetime) -> Routing:
        """Where the study goes, and why, a sentence a rule."""
        local = now.astimezone(self.zone)
        applied: list[Rule] = []
        tried: list[Tried] = []
        stopped: str | None = None
        for rule in self.rules:
            one = _try(rule, facts, local) if stopped is None else _not_reached(rule, stopped)
            tried.append(one)
            if one.outcome is Outcome.APPLIED:
                applied.append(rule)
                stopped = rule.name if rule.stop else None
        return self._routing(applied, facts, tuple(tried))

    def _routing(self, applied: Sequence[Rule], facts: RoutingFacts, tried: tuple[Tried, ...]) -> Routing:
        readers, read_why = self._named(applied, "read_by", self.site.default_readers)
        destinations, sent_why = self._named(applied, "send_to", self.site.destinations)
        holding = [rule.name for rule in applied if rule.hold]
        classed = [rule for rule in applied if rule.patient_class is not None]
        floors = [rule for rule in applied if rule.priority is not None]
        why = [f"rule {one.rule!r} {one.text}" for one in tried] or ["there are no routing rules"]
        if holding:
            why.append(f"on hold, no reader is asked (rule {holding[0]!r})")
        else:
            why.append(f"read by {_listed(readers)}{read_why}")
        why.append(f"sent to {_listed(destinations)}{sent_why}")
        floor = min(floors, key=lambda rule: rule.priority.rank if rule.priority else 0, default=None)
        if floor is not None and floor.priority is not None:
            why.append(f"not below {floor.priority.value} (rule {floor.name!r})")
        patient_class = facts.patient_class
        if classed and classed[-1].patient_class is not None:
            patient_class = classed[-1].patient_class
            why.append(f"patient class {patient_class.value} (rule {classed[-1].name!r})")
        return Routing(
            readers=() if holding else readers,
            destinations=destinations,
            patient_class=patient_class,
            priority_floor=floor.priority if floor else None,
            hold=bool(holding),
            why=tuple(why),
            tried=tried,
        )

    @staticmethod
    def _named(applied: Sequence[Rule], key: str, default: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        """The names that the rules leave under `read_by` or `send_to`, and which rules they come from."""
        names: tuple[str, ...] = ()
        owners: list[str] = []
        for rule in applied:
            told: tuple[str, ...] | None = getattr(rule, key)
            if told is None:
                continue
            if not rule.add:
                names, owners = (), []
            names = tuple(dict.fromkeys((*names, *told)))
            owners.append(rule.name)
        if not owners:
            return default, ", since no rule names any"
        word = "rule" if len(owners) == 1 else "rules"
        return names, f" ({word} {', '.join(map(repr, owners))})"


def load_rules(path: Path | None = None, site: Site | None = None) -> Rules:
    """A site's rules; the shipped ones (none: every study takes the site's defaults) without a file.

    Raises: ClinicalDataInvalid naming the line; UnknownPlugin where a rule names what the `site` has not.
    """
    file = SHIPPED if path is None else str(path)
    text = shipped(SHIPPED) if path is None else _read(path)
    version, zone, rules = parse_rules(text, file)
    if site is not None:
        readers = [name for rule in rules for name in rule.read_by or ()] if site.readers is None else site.readers
        refuse_unknown(rules, text, file, readers=readers, destinations=site.destinations)
    return Rules(
        version=version or hashlib.sha256(text.encode()).hexdigest()[:12],
        zone=zone,
        rules=rules,
        site=site or Site(default_readers=(), destinations=()),
    )


def facts_of(
    study: Study,
    *,
    arrivals: Sequence[Arrival] = (),
    order: Order | None = None,
    patient_class: PatientClass = PatientClass.UNKNOWN,
) -> RoutingFacts:
    """What rules may look at of a study and of how it came."""
    instances = study.instances
    age_years = order.age_years if order is not None and order.age_years is not None else study.patient.age_years
    texts = (study.description, *(series.description for series in study.series))
    return RoutingFacts(
        modalities=study.modalities,
        body_parts=_known(instance.body_part for instance in instances),
        descriptions=_known(texts),
        instances=len(instances),
        study_date=_date(study.study_date),
        age_years=age_years,
        patient_class=patient_class,
        order_priority=None if order is None else order.priority,
        ways=tuple(dict.fromkeys(arrival.way for arrival in arrivals)),
        calling=_known(arrival.peer for arrival in arrivals),
        called=_known(arrival.called for arrival in arrivals),
        addresses=_known(arrival.address for arrival in arrivals),
    )


def _try(rule: Rule, facts: RoutingFacts, local: datetime) -> Tried:
    verdicts = [condition.judge(facts, local) for condition in rule.when]
    excepted = [condition.judge(facts, local) for condition in rule.unless]
    if any(not verdict.met for verdict in verdicts):
        told = f"does not apply: {_joined(verdict for verdict in verdicts if not verdict.met)}"
        return Tried(rule=rule.name, outcome=Outcome.DID_NOT_APPLY, text=told)
    if excepted and all(verdict.met for verdict in excepted):
        told = f"does not apply: unless {_joined(excepted)}"
        return Tried(rule=rule.name, outcome=Outcome.DID_NOT_APPLY, text=told)
    grounds = _joined(verdicts) if verdicts else "it has no conditions"
    return Tried(rule=rule.name, outcome=Outcome.APPLIED, text=f"applies: {grounds}")


def _not_reached(rule: Rule, stopped: str) -> Tried:
    return Tried(rule=rule.name, outcome=Outcome.NOT_REACHED, text=f"was not looked at: {stopped!r} stops")


def _joined(verdicts: Iterable[Verdict]) -> str:
    return "; ".join(verdict.text for verdict in verdicts)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nobody"


def _known(words: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise ClinicalDataInvalid(f"{path}: can't be read ({problem}); name a UTF-8 file that exists") from None
