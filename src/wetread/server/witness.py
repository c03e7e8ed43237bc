"""Who asks, and the line that the audit keeps of it: the one dependency of every route that touches a study."""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wetread.domain.audit import Action, Outcome
from wetread.domain.people import Caller, Permission
from wetread.errors import Forbidden
from wetread.server.access import needs, permissions_of
from wetread.server.state import Ground, address_of, ground_of
from wetread.store import audit

BODIED = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """The caller of one request, on the ground it stands on, with a pen for the audit."""

    ground: Ground
    caller: Caller
    address: str | None

    @property
    def name(self) -> str:
        """Who the audit says it was."""
        return self.caller.name

    def check_human(self) -> None:
        """The caller is a person who logged in: no program may do what is a human's act.

        Raises: Forbidden.
        """
        if self.caller.user_id is None:
            raise Forbidden("only a person who has logged in may do this, not a token")

    def saw(self, action: Action, what: str, **data: object) -> None:
        """The caller is about to be shown `what` (`study/<id>`, `worklist`).

        Raises: StoreUnavailable; then it must not be shown.
        """
        with self.ground.database.write() as connection:
            audit.append_in(connection, now=self.ground.now(), line=self._line(action, what), data=data)

    def did(self, connection: Connection, action: Action, what: str, **data: object) -> None:
        """The caller changed `what` in this transaction; call it last in there."""
        audit.append_in(connection, now=self.ground.now(), line=self._line(action, what), data=data)

    def _line(self, action: Action, what: str) -> dict[str, Any]:
        roles: Iterable[str] = sorted(self.caller.roles)
        return {
            "actor": self.caller.name,
            "roles": roles,
            "action": action,
            "object": what,
            "outcome": Outcome.SUCCESS,
            "address": self.address,
        }


@cache
def witness(permission: Permission) -> Callable[..., Witness]:
    """The dependency that lets only callers with this permission pass and gives them a pen."""

    def give(request: Request, caller: Annotated[Caller, Depends(needs(permission))]) -> Witness:
        return Witness(ground=ground_of(request), caller=caller, address=address_of(request))

    return give


class AskedFirst(APIRoute):
    """A route that asks who calls before it looks at what the body holds: a stranger gets 401, never 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the question."""
        handle = super().get_route_handler()
        asked = permissions_of(self)
        if not asked or not BODIED & (self.methods or set()):
            return handle

        async def ask_first(request: Request) -> Response:
            for permission in sorted(asked):
                await run_in_threadpool(needs(permission), request)
            return await handle(request)

        return ask_first


P = Permission
OwnAccount = Annotated[Witness, Depends(witness(P.OWN_ACCOUNT))]
WorklistReader = Annotated[Witness, Depends(witness(P.WORKLIST))]
StudyViewer = Annotated[Witness, Depends(witness(P.STUDY_VIEW))]
StudySender = Annotated[Witness, Depends(witness(P.STUDY_SEND))]
StudyChanger = Annotated[Witness, Depends(witness(P.STUDY_CHANGE))]
PriorityOverrider = Annotated[Witness, Depends(witness(P.PRIORITY_OVERRIDE))]
ReportWriter = Annotated[Witness, Depends(witness(P.REPORT_WRITE))]
ReportSigner = Annotated[Witness, Depends(witness(P.REPORT_SIGN))]
OperationsViewer = Annotated[Witness, Depends(witness(P.OPERATIONS))]
JobsChanger = Annotated[Witness, Depends(witness(P.JOBS_CHANGE))]
MetricsReader = Annotated[Witness, Depends(witness(P.METRICS))]
AuditViewer = Annotated[Witness, Depends(witness(P.AUDIT_VIEW))]
SettingsViewer = Annotated[Witness, Depends(witness(P.SETTINGS_VIEW))]
EvaluationViewer = Annotated[Witness, Depends(witness(P.EVALUATION_VIEW))]
Adjudicator = Annotated[Witness, Depends(witness(P.ADJUDICATE))]
LineupChanger = Annotated[Witness, Depends(witness(P.LINEUP_CHANGE))]
