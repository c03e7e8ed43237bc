"""The blinded arm: studies drawn by chance that a human reads before AI's answer is shown, to see how AI pulls.

The draw is a keyed hash, so that nobody who sends or names studies can choose, and it is made once: a study that
becomes complete anew stays in its arm.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from wetread.store.answers import secret_of
from wetread.worklist.house import House

KEY = "blinding"  # kept as long as single calls are; a new key then draws for new studies, old ones keep their arm


def arm_of(house: House, row: Mapping[str, Any], *, asks_ai: bool) -> bool | None:
    """Whether a human reads the study first; None: no arm is drawn at this site, or no AI is asked.

    Raises: StoreUnavailable.
    """
    share = house.settings.service.blinded_share
    if row["blinded"] is not None or not asks_ai or share == 0:
        return None if row["blinded"] is None else bool(row["blinded"])
    return is_drawn(row["study_id"], secret_of(house.database, KEY, now=house.now()), share)


def is_drawn(study_id: str, key: str, share: float) -> bool:
    """Whether chance puts a study into the arm that holds this share of all."""
    drawn = hmac.new(key.encode(), study_id.encode(), hashlib.sha256).digest()
    return int.from_bytes(drawn[:8]) < share * 2**64
