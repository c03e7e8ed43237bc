"""The site's settings, to look at. What is secret is not shown, nor what may hold a secret."""

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from wetread.domain.audit import Action
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Term
from wetread.server.clinical import policies_of, vocabulary_of
from wetread.server.problems import PROBLEMS
from wetread.server.witness import SettingsViewer, StudyViewer
from wetread.settings import Settings

router = APIRouter(tags=["settings"], responses=PROBLEMS)
MAY_HOLD_SECRETS = frozenset({"database", "blobs", "webhook_url", "url", "base_url", "endpoint", "headers"})
HIDDEN = "(set, not shown)"


class SettingsView(BaseModel):
    """A part of the settings: names, numbers and the names of environment variables that hold keys, never keys."""

    section: str
    values: dict[str, JsonValue]


class UrgencyView(BaseModel):
    """How soon each priority is due, and how long anything may wait."""

    policy_version: str
    signed_off_by: str | None
    labels: dict[Priority, str]
    target_min: dict[Priority, int]
    waiting: dict[str, JsonValue]


class VocabularyView(BaseModel):
    """The findings that a reader or a human may name. `signed_off_by` is null until a clinician has signed them."""

    version: str
    sha256: str
    signed_off_by: str | None
    terms: list[Term]


@router.get("/settings/service")
def service(who: SettingsViewer) -> SettingsView:
    """Listener, completeness, flow, people, alerts, retention, destinations, sources."""
    return _shown(who, "service", _plain(_all(who).service.model_dump(mode="json")))


@router.get("/settings/readers")
def readers(who: SettingsViewer) -> SettingsView:
    """Readers, panels, cascades, votes and budgets."""
    settings = _all(who)
    values = settings.model_dump(
        mode="json",
        include={
            "default_readers",
            "readers",
            "panels",
            "cascades",
            "votes",
            "budget_usd_per_run",
            "budget_usd_per_day",
            "read_timeout_s",
        },
    )
    return _shown(who, "readers", _plain(values))


@router.get("/settings/egress")
def egress(who: SettingsViewer) -> SettingsView:
    """What the studies are and where they may go."""
    return _shown(who, "egress", _plain(_all(who).egress.model_dump(mode="json")))


@router.get("/settings/urgency")
def urgency(who: SettingsViewer) -> UrgencyView:
    """The urgency policy and the waiting caps."""
    who.saw(Action.SETTINGS_VIEW, "settings/urgency")
    policies = policies_of(who.ground)
    policy, waiting = policies.urgency, policies.waiting
    return UrgencyView(
        policy_version=policy.version,
        signed_off_by=policy.signed_off_by,
        labels=dict(policy.label),
        target_min=dict(policy.target_min),
        waiting={
            "version": waiting.version,
            "signed_off_by": waiting.signed_off_by,
            "lift_share": waiting.lift_share,
            "cap_min": {str(kind): minutes for kind, minutes in waiting.cap_min.items()},
        },
    )


@router.get("/vocabulary")
def vocabulary(who: StudyViewer) -> VocabularyView:
    """The findings that may be named at this site."""
    words = vocabulary_of(who.ground)
    return VocabularyView(
        version=words.version, sha256=words.sha256, signed_off_by=words.signed_off_by, terms=list(words)
    )


def _all(who: SettingsViewer) -> Settings:
    return who.ground.service.settings


def _shown(who: SettingsViewer, section: str, values: dict[str, Any]) -> SettingsView:
    who.saw(Action.SETTINGS_VIEW, f"settings/{section}")
    return SettingsView(section=section, values=values)


def _plain(value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON
    """The same without what may hold a secret: of an address only scheme and host are told."""
    if isinstance(value, dict):
        return {key: _plain(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, name) for one in value]
    if name in MAY_HOLD_SECRETS and value is not None:
        return _origin(value) if isinstance(value, str) else HIDDEN
    return value


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return HIDDEN
    return f"{parts.scheme}://{host}" if parts.scheme and host else HIDDEN
