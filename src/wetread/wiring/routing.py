"""Routing rules of a site: where its file is, and the names of readers and destinations that it may use."""

from pathlib import Path

from wetread.settings import Settings
from wetread.wiring.names import known_readers
from wetread.worklist.rules import Rules, Site, load_rules

DEFAULT_DESTINATION = "folder"  # DATA/reports, where a site names no destination


def rules_file(settings: Settings, data_dir: Path | None = None) -> Path | None:
    """The file the settings name, else `rules.toml` in the data folder if it is there, else None."""
    if settings.service.rules_file is not None:
        return settings.service.rules_file
    beside = (data_dir or settings.data_dir) / "rules.toml"
    return beside if beside.is_file() else None


def destination_names(settings: Settings) -> tuple[str, ...]:
    """Every destination that rules may name."""
    return tuple(settings.service.destinations) or (DEFAULT_DESTINATION,)


def open_rules(settings: Settings, path: Path | None) -> Rules:
    """The rules in the file (None: those that ship), every name in them checked.

    Raises: ClinicalDataInvalid naming the line, UnknownPlugin.
    """
    site = Site(
        default_readers=settings.default_readers,
        destinations=destination_names(settings),
        readers=known_readers(settings),
    )
    return load_rules(path, site)
