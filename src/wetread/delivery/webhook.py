"""A webhook as a destination: each report is posted, signed with a shared key."""

import asyncio
import hashlib
import hmac
import importlib
import os
import ssl
from types import ModuleType
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from wetread.delivery.tools import Tools
from wetread.domain.report import Receipt, Report
from wetread.errors import ConfigurationError, DeliveryFailed, MissingExtra
from wetread.settings import DestinationSettings
from wetread.settings.loopback import is_loopback

# As alerts are signed: `v1=` and the HMAC-SHA256 in hex digits of the timestamp, a dot and the body.
TIMESTAMP, SIGNATURE, IDEMPOTENCY_KEY = "X-Wetread-Timestamp", "X-Wetread-Signature", "Idempotency-Key"
FOR_NOW = frozenset({408, 425, 429})  # RFC 9110, RFC 8470, RFC 6585; and every 5xx
MEDIA_TYPES = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "hl7": "application/hl7-v2+er7; charset=utf-8",
    "fhir": "application/fhir+json",
}
DICOM = "application/dicom"


class Webhook:
    """Posts reports. The same report twice has the same body and the same idempotency key."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        tools: Tools,
        format: str = "json",  # noqa: A002 - the word of the settings
        secret: str | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self.name = name
        self._url = url
        self._tools = tools
        self._format = format
        self._secret = secret
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context()

    @classmethod
    def configured(cls, name: str, own: DestinationSettings, tools: Tools) -> Self:
        """The destination of that name.

        Raises: ConfigurationError naming the key, MissingExtra.
        """
        table = f"service.destinations.{name}"
        if not _may_be_posted_to(own.url or ""):
            raise ConfigurationError(f"{table}.url starts with https:// (http:// only to this machine), without a user")
        secret = None
        if own.secret_env is not None:
            secret = os.environ.get(own.secret_env, "")
            if not secret:
                raise ConfigurationError(f"{table}.secret_env: variable {own.secret_env} holds no key; set it")
        _library()
        return cls(name, str(own.url), tools=tools, format=own.format, secret=secret, timeout_s=own.timeout_s)

    async def deliver(self, report: Report) -> Receipt:
        """Post it and wait for the answer's status; what the answer says besides is not read on.

        Raises: DeliveryFailed; 408, 425, 429, 5xx and silence may pass, every other refusal is lasting.
        """
        body = await asyncio.to_thread(self._tools.render, report, self._format)
        status = await self._posted(body, self._headers(report, body))
        if not 200 <= status < 300:
            retry = status in FOR_NOW or status >= 500
            raise DeliveryFailed(f"destination {self.name!r}: it answers {status}", retry=retry)
        digest = hashlib.sha256(body).hexdigest()
        return Receipt(destination=self.name, report_id=report.report_id, reference=f"taken, body sha256:{digest}")

    def _headers(self, report: Report, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._tools.clock.now().timestamp()))
        kind = DICOM if self._format.startswith("dicom") else MEDIA_TYPES[self._format]
        headers = {"content-type": kind, TIMESTAMP: timestamp, IDEMPOTENCY_KEY: report.report_id}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret, timestamp, body)
        return headers

    async def _posted(self, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer. No redirect is followed: it would take the report to somewhere else."""
        http = _library()
        try:
            async with (
                asyncio.timeout(2 * self._timeout_s),  # an answer that trickles is no silence and never ends
                http.AsyncClient(
                    verify=self._tls,
                    proxy=_proxy(self._url),
                    trust_env=False,
                    follow_redirects=False,
                    timeout=self._timeout_s,
                ) as client,
                client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                return int(answer.status_code)
        except TimeoutError:
            raise DeliveryFailed(f"destination {self.name!r}: no answer within {2 * self._timeout_s:g} s") from None
        except (http.HTTPError, http.InvalidURL) as problem:
            raise DeliveryFailed(f"destination {self.name!r}: no answer ({type(problem).__name__})") from None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, in hex digits, of the timestamp, a dot and the body."""
    made = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"v1={made}"


def _may_be_posted_to(url: str) -> bool:
    """Whether reports may go there: they travel encrypted unless they stay on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or port == 0 or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _proxy(url: str) -> str | None:
    """The environment's proxy, for https alone: plain http stays on this machine."""
    parts = urlsplit(url)
    return None if parts.scheme == "http" or proxy_bypass(parts.hostname or "") else getproxies().get("https")


def _library() -> ModuleType:
    """The HTTP client.

    Raises: MissingExtra.
    """
    try:
        return importlib.import_module("httpx2")
    except ModuleNotFoundError:
        raise MissingExtra("posting to a webhook needs httpx2: pip install 'wetread[server]'") from None
