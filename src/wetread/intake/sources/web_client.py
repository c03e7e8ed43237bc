"""Asking a DICOMweb server: one host, checked certificates, no redirect elsewhere, bounded answers."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from wetread.errors import SourceUnavailable
from wetread.intake.sources.multipart import Part, parts
from wetread.settings.peer_address import checked_url, origin_of, proxy_to, token_of

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
        self._base = checked_url(
            f"source {name!r}: its url", url, example="dicom-web", encrypted="a token" if token_env else None
        )
        headers = {"accept-encoding": "identity"}
        if token_env is not None:
            headers["authorization"] = f"Bearer {token_of(f'source {name!r}', token_env)}"
        self._http = httpx2.Client(
            verify=ssl.create_default_context(),
            timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
            trust_env=False,
            proxy=proxy_to(self._base),
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
        if origin_of(goal) != origin_of(self._base):
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


def _plain(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:160]
