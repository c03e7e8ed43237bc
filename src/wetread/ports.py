"""The doors: what a source, a reader and a destination must be able to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from wetread.domain.egress import Cleared, Endpoint
from wetread.domain.read import Read, ReaderIdentity, ReadRequest
from wetread.domain.report import Receipt, Report
from wetread.domain.study import Study
from wetread.domain.view import Failure, ViewPlan


@runtime_checkable
class Source(Protocol):
    """Where studies come from. What can't be used is yielded as a Failure; the rest goes on."""

    name: str

    def studies(self, where: tuple[Path, ...]) -> Iterator[Study | Failure]:
        """Every study found in `where`, and every object that could not be used."""
        ...


@runtime_checkable
class Reader(Protocol):
    """Whatever looks at views. Two more members are optional: see `Planned` and `Identified`."""

    name: str

    async def read(self, request: ReadRequest) -> Read:
        """The coded findings.

        Raises: ReaderUnavailable (try again), ReaderRefused (the reason is the answer).
        """
        ...


@runtime_checkable
class Planned(Protocol):
    """A reader that says which views it wants; others are sent the default plan."""

    plan: ViewPlan


@runtime_checkable
class Substituted(Protocol):
    """A reader in whose place others may answer, each of which wants views of its own; `plan` is among `plans`."""

    plans: tuple[ViewPlan, ...]


@runtime_checkable
class Identified(Protocol):
    """A reader that states its exact identity; others are known by name alone."""

    identity: ReaderIdentity


@runtime_checkable
class Destination(Protocol):
    """Where reports go. Delivering the same report twice gives the same receipt."""

    name: str

    async def deliver(self, report: Report) -> Receipt:
        """Hand the report over and prove it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a read will take at most, before it is asked for. `cost_usd` is None where no price is known."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@runtime_checkable
class Priced(Protocol):
    """A reader that can say beforehand what a read takes."""

    def estimate(self, request: ReadRequest) -> Estimate:
        """Tokens and dollars of the request, an upper bound for the output."""
        ...


class Gate(Protocol):
    """What stands between the house and an endpoint (see `privacy`)."""

    def clear(self, request: ReadRequest, endpoint: Endpoint) -> Cleared:
        """The request as it may leave.

        Raises: EgressDenied with the reason.
        """
        ...


class Clock(Protocol):
    """Where time comes from, so that tests can turn it."""

    def now(self) -> datetime:
        """The time now, with its zone."""
        ...


def plan_of(reader: Reader) -> ViewPlan:
    """The views a reader wants, or the default plan."""
    return reader.plan if isinstance(reader, Planned) else ViewPlan()


def plans_of(reader: Reader) -> tuple[ViewPlan, ...]:
    """Every plan that views are prepared by before a reader is asked, its own first."""
    return tuple(dict.fromkeys((plan_of(reader), *(reader.plans if isinstance(reader, Substituted) else ()))))


def identity_of(reader: Reader) -> ReaderIdentity:
    """Who a reader is, or its name alone where it does not say."""
    if isinstance(reader, Identified):
        return reader.identity
    return ReaderIdentity(name=reader.name, version="unknown", fingerprint="unknown")
