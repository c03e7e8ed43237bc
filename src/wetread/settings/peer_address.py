"""The web address of a peer that a site's settings name, its token, and the way there: one rule for all of them."""

import os
from urllib.request import getproxies, proxy_bypass

import httpx2

from wetread.errors import ConfigurationError
from wetread.settings.loopback import is_loopback


def checked_url(key: str, url: str, *, example: str, encrypted: str | None) -> httpx2.URL:
    """The address without its query and fragment. `key` names the setting, `example` ends a good address.

    `encrypted` is what travels there and never leaves this machine unencrypted; None: plain http may carry it.

    Raises: ConfigurationError naming the key.
    """
    try:
        base = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise ConfigurationError(f"{key} can't be parsed; write https://HOST/{example}") from None
    if base.scheme not in {"http", "https"} or not base.host:
        plain = "within the site" if encrypted is None else "for this machine alone"
        raise ConfigurationError(f"{key} starts with https:// (http:// {plain})")
    if base.userinfo:
        raise ConfigurationError(f"{key} holds a password; use token_env")
    if encrypted is not None and base.scheme == "http" and not is_loopback(base.host):
        raise ConfigurationError(f"{key}: {encrypted} is only sent over https; change the url")
    return base.copy_with(query=None, fragment=None)


def token_of(key: str, variable: str) -> str:
    """The token in the environment's `variable`. `key` names the setting that names the variable.

    Raises: ConfigurationError where it is no token.
    """
    token = os.environ.get(variable, "").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(f"{key}: variable {variable} holds no token; set it")
    return token


def origin_of(url: httpx2.URL) -> tuple[str, str, int | None]:
    """What must be the same for a link to lead to the same peer."""
    return url.scheme, url.host, url.port


def proxy_to(base: httpx2.URL) -> str | None:
    """The environment's proxy, for https alone: plain http goes there directly."""
    return None if base.scheme == "http" or proxy_bypass(base.host) else getproxies().get("https")
