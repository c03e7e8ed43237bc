"""Which readers a command asks: what the site configured under a name, plug-ins, readers that are data."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from wetread.errors import ConfigurationError, WetreadError
from wetread.panel import Cascade, CascadeRule, Weights, load_figures, load_weights
from wetread.plugins import READERS, factory, installed
from wetread.ports import Reader, identity_of
from wetread.readers import OnnxReader, ReaderCard, install, installed_readers
from wetread.readers.wrappers import Calibrated, Fallback
from wetread.settings import Settings
from wetread.wiring.equipment import Equipment
from wetread.wiring.names import known_readers
from wetread.wiring.places import Places, Seats, votes_in
from wetread.wiring.reader_facts import entry_of
from wetread.wiring.vision import examine_reader, vision_reader

Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The readers and cascades of a command, with the votes and learnt weights of their panel.

    `lineup` are the slots in which another reader stands than their name says, with that reader's name.
    """

    readers: tuple[Reader | Cascade, ...]
    votes: Mapping[str, float] = field(default_factory=dict)
    weights: Weights | None = None
    lineup: tuple[tuple[str, str], ...] = ()


def choose_readers(
    settings: Settings, names: Iterable[str], equipment: Equipment | None = None, *, places: Places | None = None
) -> Chosen:
    """The named readers, each once; the site's own where none is named. A panel's name stands for its readers.

    `places`: who stands in whose place; a command that names readers takes them at their word.
    Raises: UnknownPlugin naming what there is, CardInvalid, ConfigurationError.
    """
    equipment, seats = equipment or Equipment(settings), Seats(places=places or Places())
    made: dict[str, Reader | Cascade] = {}
    votes, weights = dict(settings.votes), None
    for name in dict.fromkeys(names) or settings.default_readers:
        panel = settings.panels.get(seats.reader_in(name))
        if panel is None:
            made.setdefault(seats.reader_in(name), _seated(name, equipment, seats))
            continue
        votes |= panel.votes
        weights = load_weights(panel.weights_file) if panel.weights_file else weights
        for reader, item in _members(name, panel.readers, equipment, seats).items():
            made.setdefault(reader, item)
    return Chosen(
        readers=tuple(made.values()),
        votes=votes_in(votes, seats.used),
        weights=weights,
        lineup=tuple(sorted(seats.used.items())),
    )


def _members(panel: str, names: tuple[str, ...], equipment: Equipment, seats: Seats) -> dict[str, Reader | Cascade]:
    """A panel's readers by name: asked as they are where the panel as a whole was promoted so."""
    open_seats = Seats(places=replace(seats.places, required=False), used=seats.used)
    made = {seats.reader_in(name): _seated(name, equipment, open_seats) for name in dict.fromkeys(names)}
    if seats.vouches(panel, made.values()):
        return made
    return {seats.reader_in(name): _seated(name, equipment, seats) for name in dict.fromkeys(names)}


def _seated(slot: str, equipment: Equipment, seats: Seats) -> Reader | Cascade:
    """Who stands in the slot. Where that one can't be made any more, one that says so: the others still read."""
    try:
        return _checked(slot, _cascade_or_reader(seats.reader_in(slot), equipment, seats), equipment, seats)
    except ConfigurationError as problem:
        if seats.reader_in(slot) == slot:
            raise
        return seats.missing(slot, problem)


def _checked(slot: str, item: Reader | Cascade, equipment: Equipment, seats: Seats) -> Reader | Cascade:
    """A cascade is vouched for as one, or each of its two in its own slot."""
    if not isinstance(item, Cascade):
        return seats.checked(slot, item)
    if seats.vouches(slot, [item]):
        return item
    own = equipment.settings.cascades[item.name]
    return replace(item, first=seats.checked(own.first, item.first), then=seats.checked(own.then, item.then))


def _cascade_or_reader(name: str, equipment: Equipment, seats: Seats) -> Reader | Cascade:
    own = equipment.settings.cascades.get(name)
    if own is None:
        return _calibrated(name, equipment)
    figures = load_figures(own.figures_file) if own.figures_file else None
    first, then = (_calibrated(seats.reader_in(slot), equipment) for slot in (own.first, own.then))
    return Cascade(
        name=name,
        first=first,
        then=then,
        rule=CascadeRule(uncertain_from=own.uncertain_from, alpha=own.alpha, figures=figures),
    )


def _calibrated(name: str, equipment: Equipment) -> Reader:
    """A single reader whose stated numbers are what the site's calibration makes of them."""
    reader, calibration = one_reader(name, equipment), equipment.calibration
    return Calibrated(reader, calibration, raises=equipment.settings.operating_points) if calibration else reader


def one_reader(name: str, equipment: Equipment, *, asked_by: tuple[str, ...] = ()) -> Reader:
    """A single reader with its fallbacks behind it.

    Raises: UnknownPlugin, CardInvalid, ConfigurationError (a fallback that leads back to itself).
    """
    settings = equipment.settings
    if name in asked_by:
        raise ConfigurationError(f"readers.{name}.fallback leads back to {name!r}: {' → '.join((*asked_by, name))}")
    if name in settings.readers:
        first = vision_reader(name, equipment)
        others = tuple(
            one_reader(other, equipment, asked_by=(*asked_by, name)) for other in settings.readers[name].fallback
        )
        return Fallback((first, *others)) if others else first
    folders = installed_readers(settings.readers_dir)
    if name not in installed(READERS) and name in folders:
        return OnnxReader(folders[name], name=name)
    built = factory(READERS, name, others=known_readers(settings))()
    if not isinstance(built, Reader):
        raise ConfigurationError(
            f"reader {name!r} has no name or no async read(request); see docs/how-to/add-a-reader.md"
        )
    return built


def reader_rows(settings: Settings, *, ask: bool = False) -> list[Row]:
    """Name, version or model id, what it reads, and status of everything `--reader` takes.

    ask: also ask each configured endpoint whether it takes the key; nothing but the key is sent.
    """
    local = dict.fromkeys([*installed(READERS), *installed_readers(settings.readers_dir)])
    equipment = Equipment(settings)
    rows = [_row(equipment, name) for name in local if name not in settings.readers]
    rows += asyncio.run(_vision_rows(equipment, ask=ask))
    rows += [(name, "", f"panel of {', '.join(panel.readers)}", "ready") for name, panel in settings.panels.items()]
    rows += [(name, "", f"{one.first}, then {one.then}", "ready") for name, one in settings.cascades.items()]
    return rows


def _row(equipment: Equipment, name: str) -> Row:
    try:
        reader = one_reader(name, equipment)
    except ConfigurationError as problem:
        return name, "", "", f"can't be used: {problem}"
    reads = ""
    if isinstance(reader, OnnxReader):
        examination = reader.card.examination
        parts = ("/".join(examination.modalities), "/".join(examination.body_parts), "/".join(examination.projections))
        reads = f"{' '.join(parts)}: {len(reader.card.findings)} findings"
    return name, identity_of(reader).version, reads, "ready, offline" if reads else "ready"


async def _vision_rows(equipment: Equipment, *, ask: bool) -> list[Row]:
    return list(await asyncio.gather(*(_vision_row(equipment, name, ask=ask) for name in equipment.settings.readers)))


async def _vision_row(equipment: Equipment, name: str, *, ask: bool) -> Row:
    own = equipment.settings.readers[name]
    try:
        found = list(examine_reader(equipment.settings, name))
        entry = entry_of(own, equipment.catalog)
    except WetreadError as problem:
        return name, own.model_id, "", f"can't be used: {problem}"
    reads = f"{', '.join(entry.modalities) or 'every examination'}, by {own.provider.value}"
    bad = [text for state, text in found if state == "bad"]
    if bad:
        return name, own.model_id, reads, f"can't be used: {'; '.join(bad)}"
    told = [text for _, text in found]
    if ask:
        from wetread.wiring.speaking import ask_key

        checked = await ask_key(name, equipment)
        if checked.state == "refused":
            return name, own.model_id, reads, f"can't be used: {checked.text}"
        told.insert(0, checked.text)
    return name, own.model_id, reads, "; ".join(("configured", *told))


def probe_reader(settings: Settings, name: str) -> tuple[bool, str]:
    """Show a reader a random number; keep and return whether it read it, and in words.

    Raises: UnknownPlugin, ConfigurationError, ReaderError (the endpoint broke down, which proves nothing).
    """
    if name not in settings.readers:
        known = ", ".join(settings.readers) or "none"
        raise ConfigurationError(f"no configured vision reader called {name!r}; configured: {known}")
    from wetread.wiring.speaking import probed

    result = asyncio.run(probed(name, Equipment(settings)))
    return result.passed, result.text


def catalog_rows(settings: Settings) -> list[tuple[str, str, str, str, str]]:
    """Model id, provider, pictures, US dollars a million tokens in / out, status of every model of the catalog."""
    today = datetime.now(UTC).date()
    rows = []
    for entry in Equipment(settings).catalog.entries:
        price = entry.price_on(today)
        cost = f"{price.input_usd:g} / {price.output_usd:g} ({price.date})" if price else "unknown"
        pictures = {True: "yes", False: "no", None: "the probe decides"}[entry.images]
        rows.append((entry.model_id, entry.provider.value, pictures, cost, entry.status(today)))
    return rows


def install_reader(settings: Settings, address: str, *, sha256: str, card: Path | None) -> ReaderCard:
    """Fetch a reader, check its pin and put it into the site's folder."""
    return install(address, sha256=sha256, folder=settings.readers_dir, card=card)
