"""Where a reader's requests go and with which key: address, endpoint for the egress policy, the key and its form."""

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from wetread.domain.egress import Endpoint
from wetread.errors import ConfigurationError
from wetread.settings import Dialect, VisionSettings
from wetread.settings.loopback import is_loopback

RESELLERS = {Dialect.HOLYSHEEP, Dialect.OPENROUTER}
LONGEST_KEY = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What is known of a provider: its address, the usual variable of a key, what a key looks like."""

    base_url: str | None = None
    api_key_env: str | None = None
    key_form: str | None = None
    models_path: str


@cache
def homes() -> dict[str, Home]:
    """Every provider's home, by its name in the settings."""
    tables = tomllib.loads(files("wetread").joinpath("readers/vision/providers.toml").read_text(encoding="utf-8"))
    return {name: Home(**table) for name, table in tables.items() if isinstance(table, dict)}


def address_of(settings: VisionSettings) -> str:
    """The address requests go to, without a slash at its end; never one from the environment of a library."""
    found = settings.base_url or homes()[settings.provider.value].base_url
    assert found is not None, "settings make sure that a gateway has an address"
    return found.rstrip("/")


def endpoint_of(name: str, settings: VisionSettings) -> Endpoint:
    """What the egress policy judges: the host, and what was agreed with whoever runs it."""
    host = (urlsplit(address_of(settings)).hostname or "").lower()
    agreed = settings.agreement
    return Endpoint(
        name=name,
        host=host,
        on_site=settings.on_site or is_loopback(host),
        region=agreed.region,
        processing_agreement=agreed.processing,
        baa=agreed.baa,
        zero_retention=agreed.zero_retention,
        no_training=agreed.no_training,
        reseller=agreed.reseller or settings.dialect in RESELLERS,
    )


def check_address(name: str, settings: VisionSettings) -> None:
    """Refuse an address that would send pictures or keys in the clear beyond the site.

    Raises: ConfigurationError naming the reader.
    """
    parts = urlsplit(address_of(settings))
    if parts.username or parts.password:
        raise ConfigurationError(f"reader {name!r}: its base_url holds a password; use api_key_env or api_key_file")
    if parts.scheme != "https" and not endpoint_of(name, settings).on_site:
        raise ConfigurationError(f"reader {name!r}: {parts.hostname} is off site, so its base_url starts with https://")


def key_of(name: str, settings: VisionSettings) -> str | None:
    """The key, or None where the endpoint is on site and none is set.

    Raises: ConfigurationError saying where a key was looked for, or what is wrong with its form. The key itself
    is never part of a message.
    """
    home = homes()[settings.provider.value]
    variable = settings.api_key_env or (None if settings.api_key_file else home.api_key_env)
    if settings.api_key_file is not None:
        key, where = _from_file(name, settings.api_key_file), f"file {settings.api_key_file}"
    else:
        key, where = (os.environ.get(variable, "") if variable else ""), f"variable {variable}"
    key = key.strip()
    if not key:
        if endpoint_of(name, settings).on_site or variable is None:
            return None
        raise ConfigurationError(
            f"reader {name!r} has no key: {where} is empty; set it, or name another by api_key_env"
        )
    _check_form(name, key, where, home if settings.base_url is None else None)
    return key


def _from_file(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRGRP | stat.S_IROTH):
                raise ConfigurationError(f"reader {name!r}: others may read {path}; chmod 600 it")
            return file.read(LONGEST_KEY).decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"reader {name!r}: the key's file {path} can't be read ({problem})") from None


def _check_form(name: str, key: str, where: str, home: Home | None) -> None:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(f"reader {name!r}: {where} holds blanks or control characters, no key")
    form = home.key_form if home is not None else None
    if form is not None and re.fullmatch(form, key) is None:
        raise ConfigurationError(
            f"reader {name!r}: {where} does not look like a key of this provider (expected {form}); copy it again"
        )
