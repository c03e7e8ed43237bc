"""Who may do what: roles and permissions. A role holds exactly what stands here."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person or program is to the house."""

    RADIOLOGIST = "radiologist"
    TECHNOLOGIST = "technologist"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SERVICE = "service"


class Permission(StrEnum):
    """What a route or command asks for."""

    OWN_ACCOUNT = "own_account"  # one's own preferences, password, sessions
    WORKLIST = "worklist"
    STUDY_VIEW = "study_view"  # headers, pixels, reads, reports of a study
    STUDY_SEND = "study_send"  # upload, STOW-RS
    STUDY_CHANGE = "study_change"  # assign, lock, ask for another read
    PRIORITY_OVERRIDE = "priority_override"
    REPORT_WRITE = "report_write"  # decide on findings, draft
    REPORT_SIGN = "report_sign"
    REIDENTIFY = "reidentify"  # ask who a pseudonym stands for
    OPERATIONS = "operations"
    JOBS_CHANGE = "jobs_change"
    METRICS = "metrics"
    AUDIT_VIEW = "audit_view"
    SETTINGS_VIEW = "settings_view"
    USERS_CHANGE = "users_change"
    EVALUATION_VIEW = "evaluation_view"  # figures of readers, drift, the gate: no patient
    ADJUDICATE = "adjudicate"  # say who was right where AI and the signed report differ
    LINEUP_CHANGE = "lineup_change"  # put a reader in another one's place, baselines, sentinel cases


P = Permission
ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.RADIOLOGIST: frozenset(
        (
            P.OWN_ACCOUNT,
            P.WORKLIST,
            P.STUDY_VIEW,
            P.STUDY_SEND,
            P.STUDY_CHANGE,
            P.PRIORITY_OVERRIDE,
            P.REPORT_WRITE,
            P.REPORT_SIGN,
            P.REIDENTIFY,
            P.EVALUATION_VIEW,
            P.ADJUDICATE,
        )
    ),
    Role.TECHNOLOGIST: frozenset((P.OWN_ACCOUNT, P.WORKLIST, P.STUDY_VIEW, P.STUDY_SEND)),
    Role.OPERATOR: frozenset(
        (P.OWN_ACCOUNT, P.WORKLIST, P.OPERATIONS, P.JOBS_CHANGE, P.METRICS, P.SETTINGS_VIEW, P.EVALUATION_VIEW)
    ),
    Role.AUDITOR: frozenset((P.OWN_ACCOUNT, P.AUDIT_VIEW)),
    Role.ADMIN: frozenset(
        (
            P.OWN_ACCOUNT,
            P.OPERATIONS,
            P.METRICS,
            P.SETTINGS_VIEW,
            P.USERS_CHANGE,
            P.EVALUATION_VIEW,
            P.LINEUP_CHANGE,
        )
    ),
    Role.SERVICE: frozenset((P.WORKLIST, P.STUDY_VIEW, P.STUDY_SEND, P.METRICS)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a person in a session or the holder of a token. `name` is what the audit says."""

    name: str
    roles: frozenset[Role]
    user_id: str | None = None
    token_id: str | None = None
    session_id: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether one of the caller's roles allows it."""
        return any(permission in ALLOWED[role] for role in self.roles)
