"""Which class of data may go to which endpoint: default deny, by a table that is data."""

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from wetread.domain.clinical_data import shipped
from wetread.domain.egress import DataClass, Decision, Endpoint
from wetread.errors import ClinicalDataInvalid

ENDPOINT_NEEDS = ("processing_agreement", "baa", "zero_retention", "no_training")
LICENCE = "licence_allows_third_parties"
PORT = re.compile(r"^(?:\[(?P<v6>[^\]]+)\]|(?P<plain>[^:]+))(?::\d{1,5})?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRule:
    """Where one class of data may go: the region, None for any, and what else must hold."""

    name: str
    region: str | None
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressTable:
    """The policy as it ships: rules by class, what is on site, and what a reseller needs."""

    version: str
    rules: Mapping[DataClass, EgressRule]
    names: frozenset[str]
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    regions: Mapping[str, frozenset[str]]
    reseller_free: frozenset[DataClass]
    reseller_any_of: tuple[str, ...]
    photographs: frozenset[str]
    face_free: frozenset[DataClass]
    words: Mapping[str, str]


@cache
def egress_table() -> EgressTable:
    """The shipped table.

    Raises: ClinicalDataInvalid.
    """
    return parse_table(shipped("egress.toml"))


def parse_table(text: str) -> EgressTable:
    """A table from its TOML.

    Raises: ClinicalDataInvalid saying what is missing or unknown.
    """
    try:
        data = tomllib.loads(text)
        rules: dict[DataClass, EgressRule] = {}
        for row in data["rule"]:
            rule = EgressRule(name=row["name"], region=row.get("region"), needs=tuple(row["needs"]))
            unknown = set(rule.needs) - {*ENDPOINT_NEEDS, LICENCE}
            if unknown or (rule.region is not None and rule.region not in data["regions"]):
                raise ValueError(f"rule {rule.name}: unknown need or region {sorted(unknown) or rule.region}")
            for told in map(DataClass, row["classes"]):
                if told in rules:
                    raise ValueError(f"rule {rule.name}: class {told.value} has a rule already")
                rules[told] = rule
        return EgressTable(
            version=str(data["version"]),
            rules=rules,
            names=frozenset(data["on_site"]["names"]),
            networks=tuple(map(ipaddress.ip_network, data["on_site"]["networks"])),
            regions={name: frozenset(ways) for name, ways in data["regions"].items()},
            reseller_free=frozenset(map(DataClass, data["reseller"]["free_classes"])),
            reseller_any_of=tuple(data["reseller"]["any_of"]),
            photographs=frozenset(data["faces"]["modalities"]),
            face_free=frozenset(map(DataClass, data["faces"]["free_classes"])),
            words=dict(data["words"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        raise ClinicalDataInvalid(f"egress.toml: {problem}; compare it with the shipped file") from None


def may_show_a_face(modality: str | None, *, colour: bool) -> bool:
    """Whether a picture is a photograph that may show a face; an undeclared picture in colour is taken for one."""
    return modality in egress_table().photographs or (modality is None and colour)


def is_on_site(host: str) -> bool:
    """Whether a host, with or without a port, is this very machine: a loopback name or address and nothing else."""
    parts = PORT.match(host) if host.isascii() else None
    bare = parts["v6"] or parts["plain"] if parts else host
    name = bare.lower()
    if name.removesuffix(".") in egress_table().names:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    scoped = isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None
    return not scoped and any(address in network for network in egress_table().networks)


def decide(data_class: DataClass, endpoint: Endpoint, *, licence_allows_third_parties: bool) -> Decision:
    """Whether data of this class may go to the endpoint, by the first of: on site, reseller, the class's own rule."""
    table = egress_table()
    if endpoint.on_site or is_on_site(endpoint.host):
        return Decision(allowed=True, rule="on_site", reason=f"{endpoint.name} is on site")
    told = f"{data_class.value} data may not go to {endpoint.name}"
    if _is_mere_reseller(endpoint, table) and data_class not in table.reseller_free:
        wanted = " or ".join(table.words[need] for need in table.reseller_any_of)
        reason = f"{told}: it passes requests on and there is no {wanted} with it"
        return Decision(allowed=False, rule="reseller", reason=reason)
    rule = table.rules.get(data_class)
    if rule is None:
        reason = f"{told}: it stays on site; say what the studies are in egress.data_class"
        return Decision(allowed=False, rule="default_deny", reason=reason)
    missing = _missing(rule, endpoint, table, licence=licence_allows_third_parties)
    if missing:
        reason = f"{told} without {', '.join(missing)}"
        return Decision(allowed=False, rule=rule.name, reason=reason)
    return Decision(allowed=True, rule=rule.name, reason=f"{data_class.value} data may go to {endpoint.name}")


def _is_mere_reseller(endpoint: Endpoint, table: EgressTable) -> bool:
    return endpoint.reseller and not any(_has(endpoint, need) for need in table.reseller_any_of)


def _missing(rule: EgressRule, endpoint: Endpoint, table: EgressTable, *, licence: bool) -> list[str]:
    lacking = [need for need in rule.needs if not (licence if need == LICENCE else _has(endpoint, need))]
    region = (endpoint.region or "").strip().upper()
    if rule.region is not None and region not in table.regions[rule.region]:
        lacking.insert(0, rule.region)
    return [table.words.get(need, need) for need in lacking]


def _has(endpoint: Endpoint, need: str) -> bool:
    return getattr(endpoint, need) is True
