"""Alerts: look at the service levels, and tell a webhook once when one is missed and once when it is well again."""

import hashlib
import hmac
import json
import logging
import os
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
import structlog

from wetread.errors import ConfigurationError, StoreUnavailable
from wetread.monitor.levels import look
from wetread.monitor.room import Parts, free_bytes
from wetread.settings import AlertSettings
from wetread.store.alerts import Untold, claim, settle, told, untold
from wetread.store.figures import figures

log = structlog.wrap_logger(logging.getLogger("wetread.alerts"))
TIMEOUT_S = 10.0
FORMAT = "wetread-alert-1"
TIMESTAMP, SIGNATURE, DELIVERY = "X-Wetread-Timestamp", "X-Wetread-Signature", "X-Wetread-Delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where alerts are posted. With a secret each post is signed, so that its receiver can tell it is ours."""

    url: str
    secret: str | None = None

    def post(self, one: Untold, *, now: datetime) -> str | None:
        """Post it; None where it was taken (any 2xx), else what went wrong."""
        body = json.dumps(_told(one), sort_keys=True).encode()
        timestamp = str(int(now.timestamp()))
        headers = {"content-type": "application/json", TIMESTAMP: timestamp, DELIVERY: one.delivery_id}
        if self.secret is not None:
            headers[SIGNATURE] = signature(self.secret, timestamp, body)
        try:
            with httpx2.Client(
                verify=ssl.create_default_context(),
                proxy=_proxy(self.url),
                trust_env=False,
                follow_redirects=False,
                timeout=TIMEOUT_S,
            ) as client:
                answer = client.post(self.url, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            return type(problem).__name__
        return None if answer.is_success else f"it answers {answer.status_code}"


def open_webhook(settings: AlertSettings) -> Webhook | None:
    """The webhook of the settings, None where there is none.

    Raises: ConfigurationError for an address or a key that can't be used.
    """
    if settings.webhook_url is None:
        return None
    parts = urlsplit(settings.webhook_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError("service.alerts.webhook_url starts with https:// (or http:// within the site)")
    secret = None
    if settings.webhook_secret_env is not None:
        secret = os.environ.get(settings.webhook_secret_env, "")
        if not secret:
            raise ConfigurationError(f"service.alerts: variable {settings.webhook_secret_env} holds no key; set it")
    return Webhook(url=settings.webhook_url, secret=secret)


def _proxy(url: str) -> str | None:
    """The environment's proxy, for https alone: plain http stays within the site."""
    parts = urlsplit(url)
    return None if parts.scheme == "http" or proxy_bypass(parts.hostname or "") else getproxies().get("https")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, in hex digits, of the timestamp, a dot and the body."""
    made = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"v1={made}"


def watch_once(parts: Parts, webhook: Webhook | None) -> None:
    """Look at the levels once, then tell what is due.

    Raises: StoreUnavailable.
    """
    service, now = parts.settings.service, parts.clock.now()
    found = figures(parts.database, now=now, stale_after_s=service.flow.stale_after_s)
    missed = look(found, service.alerts, free_bytes=free_bytes(parts))
    raised, resolved = settle(parts.database, missed, now=now, telling=webhook is not None)
    for alert in missed:
        if alert.name in raised:
            log.warning("alert raised", alert=alert.name, severity=alert.severity.value, text=alert.text)
    for name in resolved:
        log.info("alert resolved", alert=name)
    if webhook is not None:
        _tell(parts, webhook)


def keep_watching(parts: Parts, *, stop: threading.Event) -> None:
    """Watch every `alerts.every_s` until stopped; a store that does not answer is waited for.

    Raises: ConfigurationError.
    """
    settings = parts.settings.service.alerts
    webhook = open_webhook(settings)
    while not stop.is_set():
        try:
            watch_once(parts, webhook)
        except StoreUnavailable as problem:
            log.error("service levels can't be looked at", problem=str(problem))
        stop.wait(settings.every_s)


def _tell(parts: Parts, webhook: Webhook) -> None:
    """Tell what is due, each alert's raising before its resolution; what fails is tried again later."""
    pending = untold(parts.database, now=parts.clock.now())
    while pending:
        for one in pending:
            now = parts.clock.now()
            if not claim(parts.database, one, now=now):
                continue
            problem = webhook.post(one, now=now)
            if problem is None:
                told(parts.database, one, now=now)
            else:
                log.warning("alert not taken", alert=one.row["name"], problem=problem, attempt=one.row["attempts"] + 1)
        pending = untold(parts.database, now=parts.clock.now())


def _told(one: Untold) -> Mapping[str, Any]:
    row = one.row
    return {
        "format": FORMAT,
        "id": one.delivery_id,
        "alert": row["name"],
        "state": one.state,
        "severity": row["severity"],
        "text": row["text"],
        "value": row["value"],
        "threshold": row["threshold"],
        "raised_at": row["raised_at"].isoformat(),
        "resolved_at": row["resolved_at"].isoformat() if one.state == "resolved" else None,
    }
