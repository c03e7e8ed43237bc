"""The files of a folder, in a fixed order, each once."""

import os
from collections.abc import Iterator
from pathlib import Path

from wetread.domain.view import Failure

LEFT_BEHIND = frozenset(("thumbs.db", "desktop.ini", "__macosx", "ehthumbs.db", "$recycle.bin"))


def is_hidden(name: str) -> bool:
    """True for what operating systems leave behind (.DS_Store, Thumbs.db) and dot files."""
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def files_under(folder: Path) -> Iterator[Path | Failure]:
    """Every file below `folder`, by name; symbolic links are followed, loops are not."""
    seen: set[tuple[int, int]] = set()
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            status = here.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(here) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Failure(file=str(here), problem=f"it can't be opened ({error.strerror})", remedy="check its rights")
            continue
        kept = [entry for entry in inside if not is_hidden(entry.name)]
        yield from (here / entry.name for entry in kept if entry.is_file())
        pending.extend(here / entry.name for entry in reversed(kept) if entry.is_dir())
