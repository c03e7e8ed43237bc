"""What a reader's name may stand for: a configured reader, panel or cascade, a plug-in, a reader that is data."""

from wetread.plugins import READERS, installed
from wetread.readers import installed_readers
from wetread.settings import Settings


def known_readers(settings: Settings) -> tuple[str, ...]:
    """Every name that `--reader` takes, each once."""
    names = (
        *settings.readers,
        *settings.panels,
        *settings.cascades,
        *installed(READERS),
        *installed_readers(settings.readers_dir),
    )
    return tuple(dict.fromkeys(names))
