"""What `wetread config check` finds: every wrong key, name and key file, with its line."""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationError

from wetread.errors import WetreadError
from wetread.panel import load_figures, load_weights
from wetread.readers.site_calibration import load_calibration
from wetread.settings import Settings, VisionSettings, settings_file
from wetread.settings.lines import line_of
from wetread.wiring.names import known_readers
from wetread.wiring.vision import examine_reader

POSITION = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing about the settings: `state` is bad (it can't work) or note; `line` None where the file has no line."""

    state: str
    line: int | None
    text: str


def check_configuration() -> list[Remark]:
    """Everything wrong with the settings of this process, in the order of the file."""
    path = settings_file()
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    try:
        tomllib.loads(text)
        settings = Settings()
    except tomllib.TOMLDecodeError as problem:
        found = POSITION.search(str(problem))
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        return [Remark(state="bad", line=line, text=f"not valid TOML: {problem}")]
    except ValidationError as problem:
        return sorted(_of_fields(problem, text), key=lambda remark: remark.line or 0)
    remarks = [*_of_names(settings, text), *_of_readers(settings, text), *_of_measured(settings, text)]
    return sorted(remarks, key=lambda remark: (remark.line or 0, remark.text))


def _of_fields(problem: ValidationError, text: str) -> Iterator[Remark]:
    for error in problem.errors():
        path = tuple(str(part) for part in error["loc"])
        said = error["msg"].removeprefix("Value error, ")
        yield Remark(state="bad", line=line_of(text, path), text=f"{'.'.join(path)}: {said}")


def _of_names(settings: Settings, text: str) -> Iterator[Remark]:
    """Names that lead nowhere: in default_readers, the shadow, fallbacks, panels, cascades, votes."""
    known = set(known_readers(settings))
    for path, name in _used(settings):
        if name not in known:
            told = f"{'.'.join(path)}: no reader called {name!r}; there are: {', '.join(sorted(known))}"
            yield Remark(state="bad", line=line_of(text, path), text=told)
        elif path[-1] == "votes":
            told = f"{'.'.join(path)}: {name!r} votes but is not among the panel's readers"
            yield Remark(state="bad", line=line_of(text, path), text=told)
    yield from _of_twice(settings, text)


def _used(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where the settings name a reader, and which."""
    yield from ((("default_readers",), name) for name in settings.default_readers)
    yield from ((("service", "shadow"), name) for name in settings.service.shadow)
    for owner, reader in settings.readers.items():
        yield from ((("readers", owner, "fallback"), name) for name in reader.fallback)
    for owner, panel in settings.panels.items():
        yield from ((("panels", owner, "readers"), name) for name in panel.readers)
        yield from ((("panels", owner, "votes"), name) for name in panel.votes if name not in panel.readers)
    for owner, cascade in settings.cascades.items():
        yield ("cascades", owner, "first"), cascade.first
        yield ("cascades", owner, "then"), cascade.then


def _of_twice(settings: Settings, text: str) -> Iterator[Remark]:
    """One name for two things, and a fallback that leads back to itself."""
    for name in sorted((set(settings.panels) | set(settings.cascades)) & set(settings.readers)):
        kind = "panels" if name in settings.panels else "cascades"
        told = f"{kind}.{name}: a reader has this name already"
        yield Remark(state="bad", line=line_of(text, (kind, name)), text=told)
    for name in settings.readers:
        if _leads_back(settings.readers, name):
            path = ("readers", name, "fallback")
            yield Remark(state="bad", line=line_of(text, path), text=f"{'.'.join(path)}: it leads back to {name!r}")


def _leads_back(readers: dict[str, VisionSettings], name: str) -> bool:
    seen: set[str] = set()
    waiting = list(readers[name].fallback)
    while waiting:
        one = waiting.pop()
        if one == name:
            return True
        if one in readers and one not in seen:
            seen.add(one)
            waiting += readers[one].fallback
    return False


def _of_measured(settings: Settings, text: str) -> Iterator[Remark]:
    """Files measured on the site's own cases: what can't be read is bad, what has expired is said."""
    today = datetime.now(UTC).date()
    for path, file, until in _measured(settings):
        key = ".".join(path)
        try:
            last = until(file)
        except WetreadError as problem:
            yield Remark(state="bad", line=line_of(text, path), text=f"{key}: {problem}")
            continue
        if last < today:
            told = f"{key}: expired on {last.isoformat()} and is not used; measure again with wetread calibrate"
            yield Remark(state="note", line=line_of(text, path), text=told)


def _measured(settings: Settings) -> Iterator[tuple[tuple[str, ...], Path, Callable[[Path], date]]]:
    """Where the settings name such a file, and what tells the last day on which it counts."""
    if settings.calibration_file is not None:
        yield ("calibration_file",), settings.calibration_file, lambda path: load_calibration(path).valid_until
    for name, panel in settings.panels.items():
        if panel.weights_file is not None:
            path = ("panels", name, "weights_file")
            yield path, panel.weights_file, lambda path: max(one.valid_until for one in load_weights(path).figures)
    for name, cascade in settings.cascades.items():
        if cascade.figures_file is not None:
            path = ("cascades", name, "figures_file")
            yield path, cascade.figures_file, lambda path: load_figures(path).valid_until


def _of_readers(settings: Settings, text: str) -> Iterator[Remark]:
    """What each configured reader says of itself: key, address, catalog, egress."""
    for name in settings.readers:
        try:
            for state, told in examine_reader(settings, name):
                yield Remark(state=state, line=line_of(text, ("readers", name)), text=f"readers.{name}: {told}")
        except WetreadError as problem:
            yield Remark(state="bad", line=line_of(text, ("readers", name)), text=f"readers.{name}: {problem}")
    for key, path in (
        ("vocabulary_file", settings.vocabulary_file),
        ("policy_file", settings.policy_file),
        ("catalog_file", settings.catalog_file),
    ):
        if path is not None and not path.is_file():
            yield Remark(state="bad", line=line_of(text, (key,)), text=f"{key}: there is no file {path}")
