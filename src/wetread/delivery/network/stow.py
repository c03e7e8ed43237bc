"""Objects to a DICOMweb server (STOW-RS, PS3.18 section 10.5): one host, checked certificates, bounded answers."""

import hashlib
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from wetread.delivery.made import Made
from wetread.delivery.network.statuses import Verdict, told, verdict_of
from wetread.errors import DeliveryFailed
from wetread.settings.peer_address import checked_url, proxy_to, token_of

CONNECT_S = 10.0
LONGEST_ANSWER_BYTES = 1 << 20
STORED, SOME_STORED, NONE_STORED = 200, 202, 409
FOR_NOW = frozenset((408, 425, 429))  # beside all of 500 and above
REMEDIES = {
    401: "set token_env to a variable with a valid token",
    403: "ask for the right to store there",
    404: "set url to its DICOMweb root",
    413: "let it take larger requests, or send fewer objects",
}
# Attributes of its answer (PS3.18 table 10.5.3-2, PS3.3 table C.12-1)
FAILED, OTHER_FAILURES, STORED_ONES = "00081198", "0008119A", "00081199"
FAILURE_REASON, WARNING_REASON = "00081197", "00081196"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server says of the objects: why some were not stored, and what it changed."""

    failures: tuple[int, ...] = ()
    warnings: tuple[int, ...] = ()


class StowClient:
    """One server. Every failure is a DeliveryFailed that names the destination, the host and what to do."""

    def __init__(
        self, name: str, url: str, *, token_env: str | None, context: ssl.SSLContext, timeout_s: float
    ) -> None:
        """Raises: ConfigurationError naming what can't work."""
        self._name = name
        key = f"service.destinations.{name}"
        self._base = checked_url(f"{key}.url", url, example="dicom-web", encrypted="a token" if token_env else None)
        self._headers = {"accept": "application/dicom+json", "accept-encoding": "identity"}
        if token_env is not None:
            self._headers["authorization"] = f"Bearer {token_of(f'{key}.token_env', token_env)}"
        self._context = context
        self._timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))

    async def store(self, objects: Sequence[Made]) -> tuple[str, ...]:
        """Have them stored; what the server changed in them, in words.

        Raises: DeliveryFailed.
        """
        body, content_type = as_multipart(objects)
        url = f"{str(self._base).rstrip('/')}/studies"
        try:
            async with (
                self._client() as client,
                client.stream("POST", url, content=body, headers={"content-type": content_type}) as response,
            ):
                told_body = await _bounded(response)
        except httpx2.TimeoutException:
            raise self._for_now("it fell silent") from None
        except httpx2.TransportError as problem:
            if "CERTIFICATE_VERIFY_FAILED" in str(problem):
                raise self._for_good("its certificate does not hold", "see tls.ca_file") from None
            raise self._for_now(f"{type(problem).__name__}: {_plain(problem)}") from None
        except (httpx2.InvalidURL, httpx2.DecodingError) as problem:
            raise self._for_now(f"it answers with what can't be read ({type(problem).__name__})") from None
        return self._judged(response.status_code, read_answer(told_body))

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            verify=self._context,
            timeout=self._timeout,
            trust_env=False,
            proxy=proxy_to(self._base),
            follow_redirects=False,
            headers=self._headers,
        )

    def _judged(self, status: int, answer: Answer | None) -> tuple[str, ...]:
        """What the server's answer means for us.

        Raises: DeliveryFailed.
        """
        if answer is not None and answer.failures:
            words = ", ".join(sorted({told(reason) for reason in answer.failures}))
            what = f"it does not take {len(answer.failures)} objects: {words}"
            if any(verdict_of(reason) is Verdict.NEVER for reason in answer.failures):
                raise self._for_good(what, "look at its log, or choose other objects")
            raise self._for_now(what)
        if status == NONE_STORED:
            raise self._for_good("it stores none of the objects and gives no reason (409)", "look at its log")
        if status == SOME_STORED and answer is None:
            raise self._for_now("it stores some objects only and does not say which (202)")
        if status in FOR_NOW or status >= 500:
            raise self._for_now(f"it answers {status}")
        if not 200 <= status < 300:
            where = "it redirects" if status < 400 else "it refuses"
            raise self._for_good(f"{where} ({status})", REMEDIES.get(status, "check url and the server's log"))
        warnings = sorted(set(answer.warnings)) if answer is not None else []
        return tuple(f"stored with warning {warning:04X}" for warning in warnings)

    def _for_now(self, what: str) -> DeliveryFailed:
        return DeliveryFailed(f"destination {self._name!r}: {self._base.host}: {what}; it is tried again", retry=True)

    def _for_good(self, what: str, remedy: str) -> DeliveryFailed:
        return DeliveryFailed(f"destination {self._name!r}: {self._base.host}: {what}; {remedy}", retry=False)


def as_multipart(objects: Sequence[Made]) -> tuple[bytes, str]:
    """The objects as one body, the same each time, and its content type."""
    digest = hashlib.sha256()
    for one in objects:
        digest.update(one.data)
    boundary = f"wetread-{digest.hexdigest()[:40]}".encode()
    head = b"\r\nContent-Type: application/dicom\r\n\r\n"
    parts = (piece for one in objects for piece in (b"--", boundary, head, one.data, b"\r\n"))
    body = b"".join((*parts, b"--", boundary, b"--\r\n"))
    return body, f'multipart/related; type="application/dicom"; boundary={boundary.decode()}'


def read_answer(body: bytes) -> Answer | None:
    """What a store response says (DICOM JSON); None where it is none."""
    try:
        dataset = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(dataset, dict):
        return None
    failed = [*_items(dataset, FAILED), *_items(dataset, OTHER_FAILURES)]
    stored = _items(dataset, STORED_ONES)
    warnings = (_reason(item, WARNING_REASON) for item in stored)
    return Answer(
        failures=tuple(_reason(item, FAILURE_REASON) or 0xFFFF for item in failed),
        warnings=tuple(warning for warning in warnings if warning),
    )


def _items(dataset: Mapping[str, Any], tag: str) -> list[Mapping[str, Any]]:
    element = dataset.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return [item for item in values if isinstance(item, dict)] if isinstance(values, list) else []


def _reason(item: Mapping[str, Any], tag: str) -> int | None:
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    return first if isinstance(first, int) and 0 <= first <= 0xFFFF else None


async def _bounded(response: httpx2.Response) -> bytes:
    """The answer's body; what is too long for one is nothing."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            return b""
    return bytes(body)


def _plain(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:160]
