"""A FHIR server over HTTP: one host, checked certificates, no redirect followed, bounded answers."""

import ssl
from dataclasses import dataclass, field

import httpx2

from wetread.delivery.fhir.bundle import MEDIA_TYPE
from wetread.errors import DeliveryFailed
from wetread.settings.peer_address import checked_url, proxy_to, token_of

CONNECT_S = 10.0
LONGEST_ANSWER_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said: the HTTP status and the body."""

    status: int
    body: bytes = field(repr=False)


class Wire:
    """One server. What fails on the way is a DeliveryFailed that may be tried again."""

    def __init__(
        self, name: str, url: str, *, token_env: str | None, context: ssl.SSLContext, timeout_s: float
    ) -> None:
        """Raises: ConfigurationError naming what can't work."""
        self._name = name
        key = f"service.destinations.{name}"
        self._base = checked_url(f"{key}.url", url, example="fhir", encrypted="a token" if token_env else "a report")
        self._context = context
        self._timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
        self._headers = {"accept": MEDIA_TYPE, "accept-encoding": "identity", "prefer": "return=minimal"}
        if token_env is not None:
            self._headers["authorization"] = f"Bearer {token_of(f'{key}.token_env', token_env)}"

    @property
    def host(self) -> str:
        """The server's host."""
        return self._base.host

    async def transact(self, bundle: bytes) -> Answer:
        """What it says to a transaction.

        Raises: DeliveryFailed.
        """
        return await self._exchange("POST", "", bundle)

    async def search(self, path: str) -> Answer:
        """What it says to a search.

        Raises: DeliveryFailed.
        """
        return await self._exchange("GET", f"/{path}", None)

    async def _exchange(self, method: str, path: str, body: bytes | None) -> Answer:
        headers = {} if body is None else {"content-type": MEDIA_TYPE}
        url = f"{str(self._base).rstrip('/')}{path}"
        try:
            async with (
                self._client() as client,
                client.stream(method, url, content=body, headers=headers) as response,
            ):
                return Answer(status=response.status_code, body=await _bounded(response))
        except httpx2.TimeoutException:
            raise self.failed("it fell silent") from None
        except httpx2.TransportError as problem:
            raise self.failed(f"{type(problem).__name__}: {str(problem).partition(chr(10))[0][:160]}") from None
        except (httpx2.InvalidURL, httpx2.DecodingError) as problem:
            raise self.failed(f"it answers with what can't be read ({type(problem).__name__})") from None

    def failed(self, what: str, remedy: str | None = None) -> DeliveryFailed:
        """A failure; with a remedy it is lasting, without one it is tried again."""
        ending = remedy or "it is tried again"
        return DeliveryFailed(f"destination {self._name!r}: {self.host}: {what}; {ending}", retry=remedy is None)

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            verify=self._context,
            timeout=self._timeout,
            trust_env=False,
            proxy=proxy_to(self._base),
            follow_redirects=False,
            headers=self._headers,
        )


async def _bounded(response: httpx2.Response) -> bytes:
    """The answer's body; what is too long for one is nothing."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            return b""
    return bytes(body)
