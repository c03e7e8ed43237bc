"""The HTTP client of one endpoint: no redirects, no proxy for the site's own hosts, limits on what comes back."""

from collections.abc import AsyncIterator

from wetread.readers.vision.dialects import translated
from wetread.readers.vision.extra import httpx2
from wetread.settings import Dialect

LONGEST_ANSWER_BYTES = 8 << 20
CONNECT_S = 10.0


class AnswerTooLong(httpx2.ReadError):
    """The answer is longer than any read can be; reading it was stopped."""


class Straight(httpx2.AsyncBaseTransport):
    """Sends a request to where it was meant, in the gateway's dialect, and reads a bounded answer.

    A redirect would carry pictures past the egress policy, so it is an error.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, origin: str, dialect: Dialect) -> None:
        self._inner = inner
        self._origin = httpx2.URL(origin)
        self._dialect = dialect

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, translated back."""
        if (request.url.scheme, request.url.host, request.url.port) != (
            self._origin.scheme,
            self._origin.host,
            self._origin.port,
        ):
            raise httpx2.UnsupportedProtocol(f"the request would go to {request.url.host}, not to the reader's host")
        outward, inward = translated(self._dialect, request)
        response = await self._inner.handle_async_request(outward)
        if response.is_redirect:
            await response.aclose()
            raise httpx2.UnsupportedProtocol("the endpoint answers with a redirect; set base_url to where it leads")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()  # we asked for none: what expands can be a bomb
            raise httpx2.DecodingError("the endpoint sent a compressed answer that nobody asked for")
        response.stream = _Bounded(response.stream)
        return await inward(response) if inward else response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """A stream that ends with an error where it grows past the limit."""

    def __init__(self, inner: object) -> None:
        assert isinstance(inner, httpx2.AsyncByteStream)
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = LONGEST_ANSWER_BYTES
        async for part in self._inner:
            left -= len(part)
            if left < 0:
                raise AnswerTooLong(f"the answer is longer than {LONGEST_ANSWER_BYTES} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def open_client(
    address: str, *, dialect: Dialect, timeout_s: float, concurrency: int, on_site: bool
) -> httpx2.AsyncClient:
    """A client for one address. A proxy of the environment is used for hosts off the site only."""
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    proxy = None if on_site else _proxy(address)
    inner = httpx2.AsyncHTTPTransport(limits=limits, proxy=proxy, retries=0)
    return httpx2.AsyncClient(
        transport=Straight(inner, origin=address, dialect=dialect),
        timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
        follow_redirects=False,
        trust_env=False,
        headers={"accept-encoding": "identity"},
    )


def _proxy(address: str) -> str | None:
    """The environment's proxy for this address, as Python's own library finds it."""
    from urllib.request import getproxies, proxy_bypass

    parts = httpx2.URL(address)
    return None if proxy_bypass(parts.host) else getproxies().get(parts.scheme)
