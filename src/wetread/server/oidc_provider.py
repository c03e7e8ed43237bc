"""An identity provider, asked by the book: discovery, authorization code with PKCE (S256), a checked ID token.

Source: OpenID Connect Core 1.0 §3.1, Discovery 1.0 §4, RFC 7636, RFC 9207. What it says is believed only after its
signature (keys of the provider, algorithms of the settings), issuer, audience, times and nonce were checked.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # ships no types
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from wetread.domain.people import Role
from wetread.errors import ConfigurationError, Forbidden, ServiceError
from wetread.settings.loopback import is_loopback
from wetread.settings.service import OidcSettings

TIMEOUT_S = 10.0
KEYS_FOR = timedelta(hours=1)
NEW_KEYS_AFTER = timedelta(minutes=1)
LEEWAY_S = 60  # how far the provider's clock may be off
ASYMMETRIC = ("RS", "PS", "ES", "Ed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A login under way, kept by the browser that began it: what comes back must fit."""

    state: str
    nonce: str
    verifier: str
    onward: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the provider vouches for. `roles` are ours, by the settings' map; empty where no group is in it."""

    subject: str
    login: str
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself."""

    metadata: Mapping[str, Any]
    keys: KeySet
    at: datetime


class Provider:
    """The provider of the settings. Its keys are kept for an hour and fetched anew for an unknown one.

    Raises: ConfigurationError where the settings can't work.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._known: _Known | None = None
        _check_url(settings.issuer, "the issuer")
        if weak := [name for name in settings.algorithms if not name.startswith(ASYMMETRIC)]:
            raise ConfigurationError(f"oidc.algorithms: {weak[0]} is not a public-key signature; use RS256 or ES256")
        try:
            self._roles = {group: Role(role) for group, role in settings.roles.items()}
        except ValueError as problem:
            raise ConfigurationError(f"oidc.roles: {problem}; roles are {', '.join(Role)}") from None

    def begin(self, *, redirect_uri: str, onward: str, now: datetime) -> tuple[str, Pending]:
        """Where to send the browser, and what it must keep meanwhile.

        Raises: ServiceError (the provider does not answer).
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = str(self._about(now).metadata["authorization_endpoint"])
        joint = "&" if urlsplit(endpoint).query else "?"
        pending = Pending(state=state, nonce=nonce, verifier=verifier, onward=onward)
        return f"{endpoint}{joint}{urlencode(asked)}", pending

    def finish(self, *, code: str, redirect_uri: str, pending: Pending, now: datetime) -> Person:
        """Whom the provider vouches for, after the browser brought the code.

        Raises: Forbidden (the code or what it gives is not good), ServiceError (the provider does not answer).
        """
        answer = self._exchange(code, redirect_uri, pending, now)
        claims = self._checked(answer, pending, now)
        if not _found(claims, self.settings.roles_claim):
            claims = {**self._further(answer, claims, now), **claims}
        groups = _found(claims, self.settings.roles_claim)
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        login = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        return Person(
            subject=f"{self.settings.issuer} {claims['sub']}",
            login=str(login).strip().casefold(),
            name=str(claims.get("name") or "")[:200],
            roles=frozenset(self._roles[group] for group in listed if isinstance(group, str) and group in self._roles),
        )

    def _exchange(self, code: str, redirect_uri: str, pending: Pending, now: datetime) -> Mapping[str, Any]:
        metadata = self._about(now).metadata
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        form |= {"code_verifier": pending.verifier, "client_id": self.settings.client_id}
        secret = os.environ.get(self.settings.client_secret_env or "", "")
        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        by_header = bool(secret) and "client_secret_basic" in ways
        if secret and not by_header:
            form["client_secret"] = secret
        try:
            with httpx2.Client(timeout=TIMEOUT_S) as client:
                if by_header:  # RFC 6749 §2.3.1: both are form-encoded first
                    client.auth = (quote_plus(self.settings.client_id), quote_plus(secret))
                answer = client.post(str(metadata["token_endpoint"]), data=form)
        except httpx2.HTTPError as problem:
            raise ServiceError(f"the identity provider does not answer ({type(problem).__name__})") from problem
        if answer.status_code >= 500:
            raise ServiceError(f"the identity provider answered {answer.status_code}")
        if answer.status_code != 200:
            raise Forbidden("the identity provider did not accept the login; begin again")
        return _document(answer)

    def _checked(self, answer: Mapping[str, Any], pending: Pending, now: datetime) -> Mapping[str, Any]:
        """The claims of the ID token."""
        try:
            token = self._decoded(str(answer.get("id_token", "")), now)
            options = {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
                "nonce": {"essential": True, "value": pending.nonce},
                "exp": {"essential": True},
                "sub": {"essential": True},
            }
            params = {
                "nonce": pending.nonce,
                "client_id": self.settings.client_id,
                "access_token": answer.get("access_token"),
            }
            claims = CodeIDToken(token.claims, token.header, options=options, params=params)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError) as problem:
            raise Forbidden(f"the identity provider's token is not good ({type(problem).__name__})") from problem
        return dict(claims)

    def _decoded(self, text: str, now: datetime) -> jwt.Token:
        algorithms = list(self.settings.algorithms)
        about = self._about(now)
        try:
            return jwt.decode(text, about.keys, algorithms=algorithms)
        except InvalidKeyIdError:
            if now - about.at < NEW_KEYS_AFTER:
                raise
            self._known = None  # it may have changed its keys
            return jwt.decode(text, self._about(now).keys, algorithms=algorithms)

    def _further(self, answer: Mapping[str, Any], claims: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """What the userinfo endpoint adds, if there is one and it speaks of the same person."""
        endpoint = self._about(now).metadata.get("userinfo_endpoint")
        access = answer.get("access_token")
        if not endpoint or not access:
            return {}
        _check_url(str(endpoint), "the userinfo endpoint")
        told = _fetch(str(endpoint), {"Authorization": f"Bearer {access}"})
        return told if told.get("sub") == claims["sub"] else {}

    def _about(self, now: datetime) -> _Known:
        if self._known is None or not timedelta(0) <= now - self._known.at < KEYS_FOR:
            metadata = _fetch(self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if metadata.get("issuer") != self.settings.issuer:
                raise ServiceError("the identity provider says that it is another issuer than the settings name")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _check_url(str(metadata.get(name, "")), f"the provider's {name}")
            self._known = _Known(metadata, _keys(str(metadata["jwks_uri"])), now)
        return self._known


def _keys(url: str) -> KeySet:
    try:
        return KeySet.import_key_set(_fetch(url))  # type: ignore[arg-type]  # it checks what it is given
    except (JoseError, KeyError, ValueError, TypeError) as problem:
        raise ServiceError("the identity provider's keys can't be read") from problem


def _fetch(url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    try:
        with httpx2.Client(timeout=TIMEOUT_S) as client:
            answer = client.get(url, headers=dict(headers or {}))
    except httpx2.HTTPError as problem:
        raise ServiceError(f"the identity provider does not answer ({type(problem).__name__})") from problem
    if answer.status_code != 200:
        raise ServiceError(f"the identity provider answered {answer.status_code}")
    return _document(answer)


def _document(answer: httpx2.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError as problem:
        raise ServiceError("the identity provider's answer is no JSON") from problem
    if not isinstance(told, dict):
        raise ServiceError("the identity provider's answer is no JSON object")
    return told


def _found(claims: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - a claim may be anything
    """A claim by its name, or by the way to it (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    place: Any = claims
    for part in name.split("."):
        place = place.get(part) if isinstance(place, dict) else None
    return place


def _check_url(url: str, what: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ConfigurationError(f"{what} must be an https URL")
