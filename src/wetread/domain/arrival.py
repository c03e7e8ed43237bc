"""How objects came in: one association, one STOW request, one upload, one look at a folder."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Way(StrEnum):
    """The ways in."""

    C_STORE = "c-store"
    STOW = "stow"
    UPLOAD = "upload"
    FOLDER = "folder"
    DICOMWEB = "dicomweb"
    C_MOVE = "c-move"
    C_GET = "c-get"
    BATCH = "batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Objects that came together. `peer` is the sender as it named itself (calling AE title, user), `address` its host.

    `called` is the AE title it asked for. None of them is checked here: whoever opened the way did that.
    """

    arrival_id: str
    way: Way
    started_at: datetime
    peer: str | None = None
    called: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise ValueError("started_at needs a zone")
