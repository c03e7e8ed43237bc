"""On which line of a TOML file a key stands, for messages people can act on."""

import re
from collections.abc import Sequence

TABLE = re.compile(r"^\s*\[\[?\s*(?P<path>[^\]]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"""^\s*(?P<path>[A-Za-z0-9_."'-]+(\s*\.\s*[A-Za-z0-9_"'-]+)*)\s*=""")
PART = re.compile(r"""'[^']*'|"[^"]*"|[^.\s]+""")


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line (from 1) of the longest part of `path` that the file spells out, None where it spells out none."""
    wanted = tuple(str(part) for part in path)
    best, best_length = None, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        found = TABLE.match(line)
        if found is not None:
            table = _parts(found["path"])
            here = table
        else:
            key = KEY.match(line)
            if key is None:
                continue
            here = (*table, *_parts(key["path"]))
        length = len(here)
        if length > best_length and here == wanted[:length]:
            best, best_length = number, length
    return best


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.strip("'\"") for part in PART.findall(path))
