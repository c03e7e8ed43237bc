"""Destinations by name, made from `[service.destinations]`."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from wetread.delivery.tools import Configured, Tools
from wetread.domain.report import Report
from wetread.errors import ConfigurationError
from wetread.plugins import DESTINATIONS, factory
from wetread.ports import Clock, Destination
from wetread.settings import DestinationSettings, Settings
from wetread.wiring.outputs import SUFFIXES, parts, told
from wetread.wiring.routing import DEFAULT_DESTINATION

REPORTS = "reports"
WITH_PICTURES = frozenset(("html", "pdf", "dicom-pdf", "dicom-sc"))


def destinations_of(settings: Settings, data_dir: Path, clock: Clock) -> Mapping[str, Destination]:
    """The configured destinations by name; the folder `reports` of the data folder where none is configured.

    Raises: UnknownPlugin, ConfigurationError, MissingExtra.
    """
    named = settings.service.destinations
    if not named:
        named = {DEFAULT_DESTINATION: DestinationSettings(kind="folder", folder=data_dir / REPORTS, format="json")}
    tools = Tools(render=told, clock=clock, ae_title=settings.service.listener.ae_title)
    return {name: _destination(name, own, tools) for name, own in named.items()}


def want_pictures(settings: Settings) -> bool:
    """Whether a destination shows pictures, so that reports must hold some."""
    return any(
        own.format in WITH_PICTURES or own.with_pdf or {"sc", "pdf"} & set(own.objects)
        for own in settings.service.destinations.values()
    )


def _destination(name: str, own: DestinationSettings, tools: Tools) -> Destination:
    build: Any = factory(DESTINATIONS, own.kind)
    if own.kind == "folder":
        if own.folder is None:
            raise ConfigurationError(f"service.destinations.{name}: kind folder needs a folder")
        render = partial(_turned, own.format)
        folder: Destination = build(own.folder, render=render, suffix=SUFFIXES[own.format], name=name)
        return folder
    made_to_order = isinstance(build, Configured)  # a class that has `configured`
    built: Destination = build.configured(name, own, tools) if made_to_order else build(**own.options)
    return built


def _turned(output: str, report: Report) -> tuple[bytes, ...]:
    return parts(report, output)
