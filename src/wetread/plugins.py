"""The doors for plug-ins: entry points of installed packages. Built-ins come through them too."""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from wetread.errors import ConfigurationError, UnknownPlugin

READERS = "wetread.readers"
SOURCES = "wetread.sources"
DESTINATIONS = "wetread.destinations"


def installed(group: str) -> dict[str, EntryPoint]:
    """Name → entry point of everything installed behind a door, by name."""
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda point: point.name)}


def factory(group: str, name: str, *, others: tuple[str, ...] = ()) -> Callable[..., Any]:
    """What builds the plug-in of that name. `others` are names that exist without a package.

    Raises: UnknownPlugin naming what is installed, ConfigurationError if the plug-in does not import.
    """
    points = installed(group)
    word = group.rpartition(".")[2].removesuffix("s")
    if name not in points:
        known = ", ".join(sorted({*points, *others})) or "none"
        raise UnknownPlugin(f"no {word} called {name!r}; installed: {known}")
    try:
        built: Callable[..., Any] = points[name].load()
    except ImportError as problem:
        raise ConfigurationError(f"{word} {name!r} does not import: {problem}; reinstall its package") from problem
    return built
