"""Passwords as argon2id hashes (RFC 9106, low memory: 3 passes, 64 MiB, 4 lanes)."""

import unicodedata
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
TURN = BoundedSemaphore(2)  # each takes 64 MiB: many logins at once wait here instead of taking the machine


def hash_password(password: str) -> str:
    """The hash that is kept."""
    with TURN:
        return HASHER.hash(_bytes(password))


def check_password(kept: str | None, password: str) -> bool:
    """Whether it is the password; where nothing is kept it takes as long and is not."""
    try:
        with TURN:
            return HASHER.verify(kept or _nobodys(), _bytes(password)) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return HASHER.check_needs_rehash(kept)


def _bytes(password: str) -> bytes:
    """One form of its letters, however the keyboard wrote them."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    return HASHER.hash("nobody has this password")
