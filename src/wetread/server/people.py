"""Accounts and tokens, for administrators; with it everything about people. Mount `router` under `/api/v1`."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from wetread.domain.audit import Action
from wetread.domain.people import Permission, Role
from wetread.server import login, oidc, people_audit
from wetread.server.login import NewPassword
from wetread.server.witness import AskedFirst, Witness, witness
from wetread.store.people import Then, User, add_user, change_user, user_by_id, users_of
from wetread.store.sessions import end_sessions
from wetread.store.tokens import MAX_DAYS, Token, add_token, revoke_token, tokens_of

Administrator = Annotated[Witness, Depends(witness(Permission.USERS_CHANGE))]
mine = APIRouter(route_class=AskedFirst, tags=["people"])
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]


class UserTold(BaseModel):
    """An account. `foreign` ones log in at the identity provider."""

    user_id: str
    login: str
    name: str
    roles: list[Role]
    active: bool
    foreign: bool
    locked_until: datetime | None
    created_at: datetime


class Users(BaseModel):
    """All accounts."""

    users: list[UserTold]


class NewUser(BaseModel):
    """A local account to be made."""

    login: str = Field(min_length=1, max_length=100)
    name: str = Field("", max_length=200)
    roles: Roles
    password: NewPassword


class UserChange(BaseModel):
    """What of an account to change. New roles, a new password or a deactivation end its sessions."""

    name: str | None = Field(None, min_length=1, max_length=200)
    roles: Roles | None = None
    active: bool | None = None
    password: NewPassword | None = None


class TokenTold(BaseModel):
    """A token of a program, without the token itself."""

    token_id: str
    label: str
    role: Role
    created_by: str
    created_at: datetime
    until: datetime | None
    seen_at: datetime | None
    revoked_at: datetime | None


class Tokens(BaseModel):
    """All tokens, also those that have ended."""

    tokens: list[TokenTold]


class NewToken(BaseModel):
    """A token to be made. `days`: how long it is good for, None until it is revoked."""

    role: Role
    label: str = Field("", max_length=100)
    days: int | None = Field(None, ge=1, le=MAX_DAYS)


class TokenMade(TokenTold):
    """A new token; `token` is shown this once."""

    token: str


class Ended(BaseModel):
    """How many sessions were ended."""

    sessions: int


@mine.get("/users")
def list_users(administrator: Administrator) -> Users:
    """All accounts by login."""
    administrator.saw(Action.USER_VIEW, "users")
    return Users(users=[_user(user) for user in users_of(administrator.ground.database)])


@mine.post("/users", status_code=201)
def create_user(administrator: Administrator, new: NewUser) -> UserTold:
    """Make a local account."""
    made = add_user(
        administrator.ground.database,
        **new.model_dump(),
        now=administrator.ground.now(),
        then=_noted(administrator, Action.USER_CREATE, roles=new.roles),
    )
    return _user(made)


@mine.patch("/users/{user_id}")
def update_user(administrator: Administrator, user_id: str, change: UserChange) -> UserTold:
    """Change an account's name, roles, password, or whether it may log in."""
    given = change.model_dump(exclude_none=True)
    told = {key: value for key, value in given.items() if key in {"roles", "active"}}
    noted = _noted(administrator, Action.USER_CHANGE, changed=sorted(given), **told)
    return _user(change_user(administrator.ground.database, user_id, **given, then=noted))


@mine.delete("/users/{user_id}/sessions")
def log_out_everywhere(administrator: Administrator, user_id: str) -> Ended:
    """End all sessions of an account."""
    user = user_by_id(administrator.ground.database, user_id)
    administrator.saw(Action.USER_CHANGE, f"user/{user.login}", changed=["sessions"])
    return Ended(sessions=end_sessions(administrator.ground.database, user_id))


@mine.get("/tokens")
def list_tokens(administrator: Administrator) -> Tokens:
    """All tokens, the newest first."""
    administrator.saw(Action.USER_VIEW, "tokens")
    return Tokens(tokens=[TokenTold(**asdict(token)) for token in tokens_of(administrator.ground.database)])


@mine.post("/tokens", status_code=201)
def create_token(administrator: Administrator, new: NewToken) -> TokenMade:
    """Make a token for a program; it is shown this once."""

    def note(connection: Connection, token: Token) -> None:
        about = {"role": token.role, "label": token.label, "until": token.until}
        administrator.did(connection, Action.TOKEN_CREATE, f"token/{token.token_id}", **about)

    ground = administrator.ground
    text, made = add_token(ground.database, **new.model_dump(), by=administrator.name, now=ground.now(), then=note)
    return TokenMade(**asdict(made), token=text)


@mine.delete("/tokens/{token_id}")
def end_token(administrator: Administrator, token_id: str) -> TokenTold:
    """Revoke a token; it opens nothing from now on."""

    def note(connection: Connection, token: Token) -> None:
        administrator.did(connection, Action.TOKEN_REVOKE, f"token/{token.token_id}")

    ground = administrator.ground
    return TokenTold(**asdict(revoke_token(ground.database, token_id, now=ground.now(), then=note)))


def _noted(administrator: Witness, action: Action, **data: object) -> Then:
    def note(connection: Connection, user: User) -> None:
        administrator.did(connection, action, f"user/{user.login}", **data)

    return note


def _user(user: User) -> UserTold:
    return UserTold(**{**asdict(user), "roles": sorted(user.roles)})


router = APIRouter()
for part in (login.router, oidc.router, mine, people_audit.router):
    router.include_router(part)
