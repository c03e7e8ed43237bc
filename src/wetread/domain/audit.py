"""The words of the audit: what can be done, how it ended, and one line of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What somebody did. Reading is an action too."""

    START = "start"
    STOP = "stop"
    LOGIN = "login"
    LOGOUT = "logout"
    LOGIN_REFUSED = "login_refused"
    ACCESS_REFUSED = "access_refused"
    WORKLIST_VIEW = "worklist_view"
    STUDY_VIEW = "study_view"
    PIXELS_VIEW = "pixels_view"
    SEARCH = "search"
    EXPORT = "export"
    UPLOAD = "upload"
    PRIORITY_OVERRIDE = "priority_override"
    DECISION = "decision"
    DRAFT = "draft"
    COMMUNICATION = "communication"
    AI_SHOWN = "ai_shown"
    SIGN = "sign"
    ADDENDUM = "addendum"
    WITHDRAW = "withdraw"
    SEND = "send"
    ASSIGN = "assign"
    LOCK = "lock"
    ORDER_MATCH = "order_match"
    READ_REQUEST = "read_request"
    JOB_RETRY = "job_retry"
    JOB_CANCEL = "job_cancel"
    USER_VIEW = "user_view"
    USER_CREATE = "user_create"
    USER_CHANGE = "user_change"
    PASSWORD_CHANGE = "password_change"  # noqa: S105 - the name of an action
    TOKEN_CREATE = "token_create"  # noqa: S105 - the name of an action
    TOKEN_REVOKE = "token_revoke"  # noqa: S105 - the name of an action
    SETTINGS_VIEW = "settings_view"
    OPERATIONS_VIEW = "operations_view"
    AUDIT_VIEW = "audit_view"
    AUDIT_EXPORT = "audit_export"
    DELIVERED = "delivered"
    REIDENTIFY = "reidentify"
    EVALUATION_VIEW = "evaluation_view"
    ADJUDICATE = "adjudicate"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    BASELINE = "baseline"
    SENTINEL = "sentinel"


class Outcome(StrEnum):
    """How it ended. Refused: the rules did not allow it; failed: it was allowed and went wrong."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit. `object` says what was touched as `kind/id`: `study/<study_id>`, `user/<login>`.

    `hash` is the SHA-256 of the rest of the line, `previous` the hash of the line before. `data` holds no name, no
    number of a patient and no secret.
    """

    seq: int
    at: datetime
    actor: str
    roles: tuple[str, ...]
    action: str
    object: str
    outcome: str
    address: str | None
    data: Mapping[str, Any]
    previous: str
    hash: str
