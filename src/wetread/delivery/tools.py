"""What destinations are given to work with, and how one of them is made from its settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from wetread.domain.report import Report
from wetread.ports import Clock, Destination
from wetread.settings import DestinationSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The house's side of a destination: `render(report, format)` writes a report, `ae_title` is our own."""

    render: Callable[[Report, str], bytes]
    clock: Clock
    ae_title: str = "WETREAD"


@runtime_checkable
class Configured(Protocol):
    """A destination that is made from its table in `wetread.toml`. One of another package is built from `options`."""

    @classmethod
    def configured(cls, name: str, own: DestinationSettings, tools: Tools) -> Destination:
        """The destination of that name.

        Raises: ConfigurationError naming the key, MissingExtra.
        """
        ...
