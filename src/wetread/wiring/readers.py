"""Which readers a command asks: installed plug-ins first, then readers that are data in the site's folder."""

from collections.abc import Iterable
from pathlib import Path

from wetread.errors import ConfigurationError
from wetread.plugins import READERS, factory, installed
from wetread.ports import Reader, identity_of
from wetread.readers import OnnxReader, ReaderCard, install, installed_readers
from wetread.settings import Settings


def choose_readers(settings: Settings, names: Iterable[str]) -> tuple[Reader, ...]:
    """The named readers, each once; the site's own where none is named.

    Raises: UnknownPlugin naming what is installed, CardInvalid.
    """
    wanted = tuple(dict.fromkeys(names)) or settings.default_readers
    return tuple(_reader(settings, name) for name in wanted)


def _reader(settings: Settings, name: str) -> Reader:
    folders = installed_readers(settings.readers_dir)
    if name not in installed(READERS) and name in folders:
        return OnnxReader(folders[name], name=name)
    built = factory(READERS, name, others=tuple(folders))()
    if not isinstance(built, Reader):
        raise ConfigurationError(
            f"reader {name!r} has no name or no async read(request); see docs/how-to/add-a-reader.md"
        )
    return built


def reader_rows(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Name, version, what it reads and status of every installed reader."""
    names = [*installed(READERS), *installed_readers(settings.readers_dir)]
    return [_row(settings, name) for name in dict.fromkeys(names)]


def _row(settings: Settings, name: str) -> tuple[str, str, str, str]:
    try:
        reader = _reader(settings, name)
    except ConfigurationError as problem:
        return name, "", "", f"can't be used: {problem}"
    reads = ""
    if isinstance(reader, OnnxReader):
        examination = reader.card.examination
        parts = ("/".join(examination.modalities), "/".join(examination.body_parts), "/".join(examination.projections))
        reads = f"{' '.join(parts)}: {len(reader.card.findings)} findings"
    return name, identity_of(reader).version, reads, "ready, offline" if reads else "ready"


def install_reader(settings: Settings, address: str, *, sha256: str, card: Path | None) -> ReaderCard:
    """Fetch a reader, check its pin and put it into the site's folder."""
    return install(address, sha256=sha256, folder=settings.readers_dir, card=card)
