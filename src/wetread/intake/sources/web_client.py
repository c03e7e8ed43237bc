"""Asking a DICOMweb server: one host, checked certificates, no redirect elsewhere, bounded answers."""

import json
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx2

from wetread.errors import ConfigurationError, SourceUnavailable
from wetread.intake.sources.multipart import Part, parts

LONGEST_LIST_BYTES = 64 << 20
MOST_REDIRECTS = 3
CONNECT_S = 10.0
OBJECTS = 'multipart/related; type="application/dicom"; transfer-syntax=*'
DICOM = "application/dicom"
REFUSED = {
    401: "it does not know us (401); set token_env to a variable with a valid token",
    403: "it does not let us (403); ask for the right to read studies",
}
ABSENT = frozenset((404, 410))

Item = Mapping[str, Any]


class WebClient:
    """One server. Every failure is a SourceUnavailable that names the source, the host and what to do."""

    def __init__(self, name: str, url: str, *, token_env: str | None, timeout_s: float) -> None:
        self._name = name
        self._base = _checked(name, url, token_env)
        headers = {"accept-encoding": "identity"}
        if token_env is not None:
            headers["authorization"] = f"Bearer {_token(name, token_env)}"
        self._http = httpx2.Client(
            verify=ssl.create_default_context(),
            timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
            trust_env=False,
            proxy=_proxy(self._base),
            follow_redirects=False,
            headers=headers,
        )

    @property
    def host(self) -> str:
        """The server's host."""
        return self._base.host

    def listed(self, path: str, params: Mapping[str, str]) -> list[Item]:
        """What a search (QIDO-RS) gives.

        Raises: SourceUnavailable.
        """
        with self._answer(path, params, accept="application/dicom+json") as response:
            if response.status_code == 204:
                return []
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LONGEST_LIST_BYTES:
                    raise self._trouble(f"its list is longer than {LONGEST_LIST_BYTES:,} bytes")
        try:
            items = json.loads(bytes(body) or b"[]")
        except ValueError:
            raise self._trouble("it answers with something that is no JSON; is the URL its DICOMweb root?") from None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._trouble("its answer is no list of DICOM JSON objects; is the URL its DICOMweb root?")
        return items

    @contextmanager
    def objects(self, path: str) -> Iterator[Iterator[Part]]:
        """The objects of a study or a single one (WADO-RS), as a stream.

        Raises: SourceUnavailable; FileUnreadable while the parts are read.
        """
        with self._answer(path, {}, accept=OBJECTS) as response:
            kind = response.headers.get("content-type", "")
            if kind.lower().startswith(DICOM) and not kind.lower().startswith(f"{DICOM}+"):
                yield iter([Part(content_type=DICOM, body=response.iter_bytes())])
            elif kind.lower().startswith("multipart/"):
                yield (part for part in parts(kind, response.iter_bytes(), subject=self._name) if _is_object(part))
            else:
                raise self._trouble(f"it sends {kind.partition(';')[0][:60] or 'nothing'} instead of DICOM objects")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @contextmanager
    def _answer(self, path: str, params: Mapping[str, str], *, accept: str) -> Iterator[httpx2.Response]:
        url, asked = httpx2.URL(f"{str(self._base).rstrip('/')}/{path}", params=dict(params) or None), 0
        try:
            while True:
                with self._http.stream("GET", url, headers={"accept": accept}) as response:
                    if not response.is_redirect:
                        self._check(response)
                        yield response
                        return
                    url, asked = self._led_to(response, url), asked + 1
                    if asked > MOST_REDIRECTS:
                        raise self._trouble("it redirects in a circle")
        except httpx2.TimeoutException:
            raise self._trouble("it fell silent; it is asked again") from None
        except httpx2.TransportError as problem:
            raise self._trouble(f"{type(problem).__name__}: {_plain(problem)}; it is asked again") from None
        except (httpx2.InvalidURL, httpx2.DecodingError) as problem:
            raise self._trouble(f"it answers with what can't be followed ({type(problem).__name__})") from None

    def _led_to(self, response: httpx2.Response, url: httpx2.URL) -> httpx2.URL:
        """Where a redirect leads, as long as it stays with this server: a token must not go elsewhere."""
        goal = url.join(response.headers.get("location", ""))
        if _origin(goal) != _origin(self._base):
            raise self._trouble(f"it redirects to {goal.scheme}://{goal.host}; set url to where it leads")
        return goal

    def _check(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status in ABSENT:
            raise Absent(f"source {self._name!r}: {self.host} has no such thing ({status})")
        if status >= 300:
            raise self._trouble(REFUSED.get(status, f"it answers {status}; it is asked again"))

    def _trouble(self, what: str) -> SourceUnavailable:
        return SourceUnavailable(f"source {self._name!r}: {self.host}: {what}")


class Absent(SourceUnavailable):
    """The server has no such study, object or search."""


def _is_object(part: Part) -> bool:
    return part.content_type == DICOM


def _checked(name: str, url: str, token_env: str | None) -> httpx2.URL:
    try:
        base = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise ConfigurationError(f"source {name!r}: its url can't be parsed; write https://HOST/dicom-web") from None
    if base.scheme not in {"http", "https"} or not base.host:
        raise ConfigurationError(f"source {name!r}: its url starts with https:// (or http:// within the site)")
    if base.userinfo:
        raise ConfigurationError(f"source {name!r}: its url holds a password; use token_env")
    if token_env and base.scheme == "http" and not _is_loopback(base.host):
        raise ConfigurationError(f"source {name!r}: a token is only sent over https; change its url")
    return base.copy_with(query=None, fragment=None)


def _token(name: str, variable: str) -> str:
    token = os.environ.get(variable, "").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(f"source {name!r}: variable {variable} holds no token; set it")
    return token


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _proxy(base: httpx2.URL) -> str | None:
    """The environment's proxy, for https alone: plain http stays within the site."""
    return None if base.scheme == "http" or proxy_bypass(base.host) else getproxies().get("https")


def _plain(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:160]
