"""Who I am and how I like the pages."""

import json
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, JsonValue

from wetread.domain.people import Permission, Role
from wetread.errors import Conflict
from wetread.server.problems import PROBLEMS
from wetread.server.witness import AskedFirst, OwnAccount
from wetread.server.words import Storable
from wetread.store.people import preferences_of, set_preferences

router = APIRouter(tags=["account"], route_class=AskedFirst, responses=PROBLEMS)
MOST_BYTES = 64 * 1024


def _small(preferences: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(preferences, ensure_ascii=False, allow_nan=False)
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ValueError(f"preferences hold at most {MOST_BYTES} bytes")
    if "\\u0000" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("they hold a NUL character or half a character")
    return preferences


Preferences = Annotated[dict[Annotated[str, Storable], JsonValue], AfterValidator(_small)]


class Me(BaseModel):
    """The caller, and what the caller may do."""

    name: str
    kind: str
    roles: list[Role]
    permissions: list[Permission]


@router.get("/me")
def me(who: OwnAccount) -> Me:
    """Who asks."""
    caller = who.caller
    return Me(
        name=caller.name,
        kind="person" if caller.user_id else "token",
        roles=sorted(caller.roles),
        permissions=[permission for permission in Permission if caller.may(permission)],
    )


@router.get("/me/preferences")
def preferences(who: OwnAccount) -> dict[str, JsonValue]:
    """What the pages remember for me; a token has nothing."""
    return preferences_of(who.ground.database, who.caller.user_id) if who.caller.user_id else {}


@router.put("/me/preferences")
def keep_preferences(wanted: Preferences, who: OwnAccount) -> dict[str, JsonValue]:
    """Remember this instead."""
    if who.caller.user_id is None:
        raise Conflict("a token has no preferences; log in as a person")
    set_preferences(who.ground.database, who.caller.user_id, wanted)
    return wanted
