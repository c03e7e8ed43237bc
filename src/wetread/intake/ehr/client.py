"""Asking a FHIR server: one host, checked certificates, no redirect, bounded answers, a few pages."""

import json
import ssl
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx2

from wetread.errors import SourceUnavailable
from wetread.settings.delivery import ContextSettings
from wetread.settings.peer_address import checked_url, origin_of, proxy_to, token_of

CONNECT_S = 5.0
LONGEST_PAGE_BYTES = 8 << 20
MOST_PAGES = 4
MEDIA_TYPE = "application/fhir+json"

Item = Mapping[str, Any]


class FhirClient:
    """One server. Every failure is a SourceUnavailable that says what is wrong and names no patient."""

    def __init__(self, settings: ContextSettings) -> None:
        """Raises: ConfigurationError naming what can't work."""
        self._base = checked_url(
            "service.context.url", settings.url, example="fhir", encrypted="what is asked of a patient"
        )
        headers = {"accept": MEDIA_TYPE, "accept-encoding": "identity"}
        if settings.token_env is not None:
            headers["authorization"] = f"Bearer {token_of('service.context.token_env', settings.token_env)}"
        self._headers = headers
        self._verify = ssl.create_default_context()
        self._timeout = httpx2.Timeout(settings.timeout_s, connect=min(CONNECT_S, settings.timeout_s))

    async def found(self, kind: str, asked: Mapping[str, str], *, most: int) -> list[Item]:
        """Resources of that type that a search gives, at most so many; others that it puts among them are left out.

        Raises: SourceUnavailable.
        """
        url: httpx2.URL | None = httpx2.URL(f"{str(self._base).rstrip('/')}/{kind}", params=dict(asked))
        items: list[Item] = []
        async with self._client() as client:
            for _ in range(MOST_PAGES):
                if url is None or len(items) >= most:
                    break
                page = await self._page(client, url)
                items += _resources(page, kind)
                url = self._next(page, url)
        return items[:most]

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            verify=self._verify,
            timeout=self._timeout,
            trust_env=False,
            proxy=proxy_to(self._base),
            follow_redirects=False,
            headers=self._headers,
        )

    async def _page(self, client: httpx2.AsyncClient, url: httpx2.URL) -> Item:
        body = bytearray()
        try:
            async with client.stream("GET", url) as response:
                if response.status_code != 200:
                    raise SourceUnavailable(f"it answers {response.status_code}")
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LONGEST_PAGE_BYTES:
                        raise SourceUnavailable(f"its answer is longer than {LONGEST_PAGE_BYTES:,} bytes")
        except httpx2.TimeoutException:
            raise SourceUnavailable("it fell silent") from None
        except (httpx2.TransportError, httpx2.InvalidURL, httpx2.DecodingError) as problem:
            raise SourceUnavailable(f"it can't be asked ({type(problem).__name__})") from None
        try:  # a value stays as it was written: 5.10 is not 5.1
            page = json.loads(bytes(body), parse_float=Decimal, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise SourceUnavailable("it answers with something that is no JSON") from None
        if not isinstance(page, dict) or page.get("resourceType") != "Bundle":
            raise SourceUnavailable("its answer is no bundle; is url its FHIR base?")
        return page

    def _next(self, page: Item, asked: httpx2.URL) -> httpx2.URL | None:
        """The next page, as long as it is with this server: a token must not go elsewhere."""
        links = page.get("link")
        for link in links if isinstance(links, list) else []:
            if isinstance(link, dict) and link.get("relation") == "next":
                try:
                    goal = asked.join(str(link.get("url", "")))
                except httpx2.InvalidURL:
                    return None
                return goal if origin_of(goal) == origin_of(self._base) and goal != asked else None
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _resources(page: Item, kind: str) -> list[Item]:
    entries = page.get("entry")
    resources = [one.get("resource") for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    return [one for one in resources if isinstance(one, dict) and one.get("resourceType") == kind]
