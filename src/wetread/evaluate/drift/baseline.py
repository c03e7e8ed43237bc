"""How things were: the baseline that every later window is compared with, as data that can be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from wetread.errors import RecordInvalid
from wetread.evaluate.drift.agreement import Table, counted
from wetread.evaluate.drift.answers import Middle, Told, middle
from wetread.evaluate.drift.metadata import Bins, bins, categories
from wetread.evaluate.drift.policy import DriftPolicy, drift_policy
from wetread.evaluate.drift.prevalence import Counted, Sums

EMPTY: Mapping[str, Any] = MappingProxyType({})
STRICT = ConfigDict(extra="forbid")
T = TypeVar("T")


def _nothing() -> Mapping[str, Any]:
    return EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a period brought, in the order of its studies; whatever is not known is left out.

    `facts` and `numbers` are what headers say, by name, an entry a study (None: not stated); `descriptors` an array
    (pictures, figures); `findings` whether AI saw each, by code; `agreement` (AI, signed report) pairs by reader or
    finding; `latency_s`, `token_ratio` (billed over predicted) and `fingerprints` an entry a read, by reader;
    `sentinels` what was said of the fixed cases, by case and finding.
    """

    since: datetime
    until: datetime
    facts: Mapping[str, tuple[str | None, ...]] = field(default_factory=_nothing, repr=False)
    numbers: Mapping[str, tuple[float | None, ...]] = field(default_factory=_nothing, repr=False)
    descriptors: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    findings: Mapping[str, tuple[bool, ...]] = field(default_factory=_nothing, repr=False)
    agreement: Mapping[str, tuple[tuple[bool, bool], ...]] = field(default_factory=_nothing, repr=False)
    latency_s: Mapping[str, tuple[float, ...]] = field(default_factory=_nothing, repr=False)
    token_ratio: Mapping[str, tuple[float, ...]] = field(default_factory=_nothing, repr=False)
    fingerprints: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing, repr=False)
    sentinels: Mapping[str, Mapping[str, Told]] = field(default_factory=_nothing, repr=False)

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or self.until.tzinfo is None or self.until < self.since:
            raise ValueError("a window ends after it began, in a known time zone")
        if shared := set(self.facts) & set(self.numbers):
            raise ValueError(f"{min(shared)} is a fact or a number, not both")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What was usual in a quiet period. Its fields are the window's, counted."""

    schema: Literal["wetread.drift_baseline/1"] = "wetread.drift_baseline/1"
    since: datetime
    until: datetime
    policy_version: str
    facts: Mapping[str, Mapping[str, int]] = field(repr=False)
    numbers: Mapping[str, Bins] = field(repr=False)
    descriptors: tuple[tuple[float, ...], ...] = field(repr=False)
    findings: Mapping[str, Counted] = field(repr=False)
    agreement: Mapping[str, Table] = field(repr=False)
    latency_s: Mapping[str, Middle] = field(repr=False)
    token_ratio: Mapping[str, Middle] = field(repr=False)
    fingerprints: Mapping[str, tuple[str, ...]] = field(repr=False)
    sentinels: Mapping[str, Mapping[str, Told]] = field(repr=False)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one look leaves to the next.

    `since` says when each raised measure was raised first, `rows` how many looks in a row were beyond a limit, `sums`
    where the CUSUMs stand.
    """

    schema: Literal["wetread.drift_memory/1"] = "wetread.drift_memory/1"
    since: Mapping[str, datetime] = field(default_factory=_nothing, repr=False)
    rows: Mapping[str, int] = field(default_factory=_nothing, repr=False)
    sums: Mapping[str, Sums] = field(default_factory=_nothing, repr=False)


_BASELINE, _MEMORY = TypeAdapter(Baseline), TypeAdapter(Memory)


def baseline_of(quiet: Window, policy: DriftPolicy | None = None) -> Baseline:
    """The baseline that a quiet window makes; of the pictures it keeps as many as are ever compared."""
    limits = policy or drift_policy()
    rows = quiet.descriptors
    kept = np.linspace(0, len(rows) - 1, min(len(rows), limits.pictures.most)).astype(int)
    return Baseline(
        since=quiet.since,
        until=quiet.until,
        policy_version=limits.version,
        facts={what: categories(told, limits.metadata.rare_share) for what, told in quiet.facts.items()},
        numbers={what: bins(told, limits.metadata.bins) for what, told in quiet.numbers.items()},
        descriptors=tuple(tuple(float(figure) for figure in rows[n]) for n in kept),
        findings={what: Counted(hits=sum(seen), n=len(seen)) for what, seen in quiet.findings.items()},
        agreement={what: counted(pairs) for what, pairs in quiet.agreement.items()},
        latency_s={what: middle(told) for what, told in quiet.latency_s.items() if told},
        token_ratio={what: middle(told) for what, told in quiet.token_ratio.items() if told},
        fingerprints={what: tuple(sorted(set(told))) for what, told in quiet.fingerprints.items()},
        sentinels=quiet.sentinels,
    )


def baseline_json(baseline: Baseline) -> str:
    """The baseline as JSON."""
    return _BASELINE.dump_json(baseline).decode()


def parse_baseline(text: str) -> Baseline:
    """The baseline of `baseline_json`.

    Raises: RecordInvalid naming the key.
    """
    return _parsed(_BASELINE, text, "a drift baseline", "make a new one from a quiet period")


def memory_json(memory: Memory) -> str:
    """The memory as JSON."""
    return _MEMORY.dump_json(memory).decode()


def parse_memory(text: str) -> Memory:
    """The memory of `memory_json`.

    Raises: RecordInvalid naming the key.
    """
    return _parsed(_MEMORY, text, "the memory of the drift charts", "begin with an empty one")


def _parsed(kind: TypeAdapter[T], text: str, name: str, remedy: str) -> T:
    try:
        return kind.validate_json(text)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RecordInvalid(f"{name} can't be read: {key}: {first['msg']}; {remedy}") from None
