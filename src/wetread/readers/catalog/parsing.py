"""The catalog's TOML, shipped and the site's, parsed strictly: an error names file, entry, key and line."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from wetread.errors import ConfigurationError
from wetread.readers.catalog.entries import Catalog, CatalogEntry
from wetread.readers.catalog.tokens import Family
from wetread.settings import Provider

SHIPPED = "catalog.toml"
KEYS = {"version", "p95_output_tokens", "families", "providers", "entry"}
USUAL, UNKNOWN = "usual", "unknown"
SEE = "see docs/reference/catalog.md"
T = TypeVar("T")
_FAMILY, _ENTRY = TypeAdapter(Family), TypeAdapter(CatalogEntry)
Table = dict[str, Any]
Key = tuple[str, str]


class _Source:
    """One TOML file: its text, to say on which line something stands."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        try:
            self.data: Table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise ConfigurationError(f"{name}: not valid TOML ({problem})") from None
        for key in self.data.keys() - KEYS:
            raise self.wrong("", key, f"is no key of a catalog; it has {', '.join(sorted(KEYS))}")
        for key, kind in (("families", dict), ("providers", dict), ("entry", list)):
            value = self.data.get(key, kind())
            tables = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [None]
            if not isinstance(value, kind) or not all(isinstance(table, dict) for table in tables):
                raise self.wrong("", key, "holds tables")

    def wrong(self, entry: str, key: str, problem: str) -> ConfigurationError:
        """The error of a key of an entry, with its line where it can be found."""
        line = self.line_of(entry, key)
        where = ", ".join([self.name, *([f"line {line}"] if line else []), *([f"entry {entry!r}"] if entry else [])])
        return ConfigurationError(f"{where}: {key} {problem}; {SEE}")

    def line_of(self, entry: str, key: str) -> int | None:
        """The line on which the key stands, else that of its entry."""
        lines = self.text.splitlines()
        named = [n for n, line in enumerate(lines) if re.search(rf'["\'.\[]{re.escape(entry)}["\'\]]', line)]
        if entry and not named:
            return None
        start = named[0] if entry else 0
        while entry and start > 0 and not lines[start].startswith("["):
            start -= 1  # keys of an entry may stand above its id
        for number in range(start, len(lines)):
            if number > start and entry and lines[number].startswith("[[entry]]"):
                break
            if re.search(rf"(^|[{{,\s.\[]){re.escape(key)}\s*[=\].]", lines[number]):
                return number + 1
        return named[0] + 1 if entry else None


def load_catalog(site_file: Path | None = None) -> Catalog:
    """The shipped catalog; a site's file changes it field by field and adds to it.

    Raises: ConfigurationError naming file, line, entry and key.
    """
    shipped = _Source(SHIPPED, files(__package__).joinpath(SHIPPED).read_text(encoding="utf-8"))
    sources = [shipped]
    if site_file is not None:
        try:
            sources.append(_Source(str(site_file), site_file.read_text(encoding="utf-8-sig")))
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigurationError(f"{site_file}: can't be read ({problem}); name a UTF-8 file that exists") from None
    return _catalog(sources)


def _catalog(sources: list[_Source]) -> Catalog:
    families = _families(sources)
    providers: Table = {}
    for source in sources:
        for name, table in source.data.get("providers", {}).items():
            if name not in set(Provider):
                raise source.wrong(name, name, f"is no provider; there are {', '.join(Provider)}")
            providers[name] = _merged(providers.get(name, {}), table)
    versions = [str(source.data["version"]) for source in sources if "version" in source.data]
    output = sources[-1].data.get("p95_output_tokens", sources[0].data["p95_output_tokens"])
    if not isinstance(output, int) or isinstance(output, bool) or output < 1:
        raise sources[-1].wrong("", "p95_output_tokens", f"is a whole number of tokens, got {output!r}")
    return Catalog(
        version=" + ".join(versions),
        sha256=hashlib.sha256("\0".join(source.text for source in sources).encode()).hexdigest(),
        site_file=sources[1].name if len(sources) > 1 else None,
        entries=_entries(sources, providers, families),
        families=MappingProxyType(families),
        unknown=MappingProxyType({provider: _unknown(provider, providers, families, sources) for provider in Provider}),
        p95_output_tokens=output,
    )


def _families(sources: list[_Source]) -> dict[str, Family]:
    tables: dict[str, tuple[Table, _Source]] = {}
    for source in sources:
        for name, table in source.data.get("families", {}).items():
            before = tables[name][0] if name in tables else {"name": name}
            tables[name] = (_merged(before, table), source)
    return {name: _checked(_FAMILY, table, source, name) for name, (table, source) in tables.items()}


def _entries(sources: list[_Source], providers: Table, families: Mapping[str, Family]) -> tuple[CatalogEntry, ...]:
    tables: dict[Key, tuple[Table, _Source]] = {}
    for source in sources:
        seen: set[Key] = set()
        for table in source.data.get("entry", []):
            key = _key(table, source)
            if key in seen:
                raise source.wrong(key[1], "id", f"stands twice for {key[0]}")
            seen.add(key)
            before = tables[key][0] if key in tables else providers.get(key[0], {}).get(USUAL, {})
            tables[key] = (_merged(before, table), source)
    entries = [_entry(table, families, source) for table, source in tables.values()]
    _check_names(entries, sources[-1])
    return tuple(entries)


def _key(table: Table, source: _Source) -> Key:
    for key in ("id", "provider"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise source.wrong(str(table.get("id", "")), key, "is missing: each entry names its id and provider")
    return table["provider"], table["id"]


def _entry(table: Table, families: Mapping[str, Family], source: _Source) -> CatalogEntry:
    rest = {key: value for key, value in table.items() if key != "id"}
    if table.get("family") not in families:
        raise source.wrong(table["id"], "family", f"is one of {', '.join(families)}, got {table.get('family')!r}")
    if "known" in table:
        raise source.wrong(table["id"], "known", "is not for a file to say")
    if rest.get("images") == "unknown":
        rest["images"] = None
    whole = {"title": table["id"], "limits": {}, **rest, "model_id": table["id"], "family": families[table["family"]]}
    return _checked(_ENTRY, whole, source, table["id"])


def _unknown(
    provider: Provider, providers: Table, families: Mapping[str, Family], sources: list[_Source]
) -> CatalogEntry:
    tables = providers.get(provider.value, {})
    source = next(source for source in sources if provider.value in source.data.get("providers", {}))
    for key in tables.keys() - {USUAL, UNKNOWN}:
        raise source.wrong(provider.value, key, f"is no key of a provider; it has {USUAL} and {UNKNOWN}")
    named = {"id": f"unknown {provider.value} model", "provider": provider.value}
    entry = _entry(_merged(_merged(tables.get(USUAL, {}), tables.get(UNKNOWN, {})), named), families, source)
    return _checked(_ENTRY, {**_fields(entry), "known": False, "prices": (), "also": ()}, source, entry.model_id)


def _fields(entry: CatalogEntry) -> Table:
    return {name: getattr(entry, name) for name in CatalogEntry.__dataclass_fields__}


def _check_names(entries: list[CatalogEntry], source: _Source) -> None:
    """One name means one entry at a provider: an alias that stands twice would be answered by chance."""
    seen: dict[Key, str] = {}
    for entry in entries:
        for provider in (entry.provider, *entry.also):
            for name in (entry.model_id, *entry.aliases):
                if seen.setdefault((provider.value, name), entry.model_id) != entry.model_id:
                    other = seen[provider.value, name]
                    raise source.wrong(entry.model_id, "aliases", f"{name!r} is also a name of {other!r}")


def _merged(before: Table, table: Table) -> Table:
    """Tables joined key by key, deeply; lists and values are replaced."""
    joined = dict(before)
    for key, value in table.items():
        old = joined.get(key)
        joined[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return joined


def _checked(kind: TypeAdapter[T], table: Table, source: _Source, entry: str) -> T:
    try:
        return kind.validate_python(table)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        path = [str(part) for part in first["loc"]]
        named = [part for part in path if not part.isdigit()] or ["it"]
        key = "id" if named[-1] == "model_id" else named[-1]
        message = str(first["msg"]).replace("Unexpected keyword argument", "is not a known key")
        raise source.wrong(entry, key, f"({'.'.join(path)}): {message}, got {first.get('input')!r}") from None
