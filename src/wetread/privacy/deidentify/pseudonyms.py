"""Stand-ins that follow from a secret key: the same in every file and run, not to be guessed without it."""

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from wetread.errors import ConfigurationError
from wetread.privacy.deidentify.options import house_rules

KEY_BYTES = 32
HEX = re.compile(r"[0-9a-fA-F]{64}")
OURS_BITS = 128  # a UID under 2.25 is a UUID (PS3.5 B.2)
CODE_LETTERS = 12  # 60 bits: two of a million patients share a code once in 2 million sites


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes the stand-ins of one key."""

    secret: bytes = field(repr=False)

    def uid(self, original: str) -> str:
        """A UID under 2.25 for a UID, or for whatever stands in its place."""
        number = int.from_bytes(self._digest("uid", original)[: OURS_BITS // 8], "big")
        number = number & ~(0xF000 << 64) | (0x8000 << 64)  # version 8, as RFC 9562 says of hashes
        return f"2.25.{number & ~(0xC000 << 48) | (0x8000 << 48)}"

    def patient_id(self, original: str) -> str:
        """Stands for a patient's ID."""
        return "P" + self._code("patient", original.strip())

    def text(self, what: str, original: str) -> str:
        """Stands for a number or name of some kind."""
        return "R" + self._code(what, original.strip())

    def name_of(self, part: str) -> str:
        """Stands for the name of a file or folder."""
        return "f" + self._code("file", part).lower()

    def days_back(self, patient: str) -> int:
        """How many days a patient's dates go back."""
        shift = house_rules()["shift"]
        least, most = int(shift["least_days"]), int(shift["most_days"])
        number = int.from_bytes(self._digest("days", patient.strip())[:8], "big")
        return least + number % (most - least + 1)

    def _code(self, label: str, original: str) -> str:
        return base64.b32encode(self._digest(label, original)).decode("ascii")[:CODE_LETTERS]

    def _digest(self, label: str, original: str) -> bytes:
        told = f"wetread deidentify\0{label}\0{original}".encode("utf-8", "surrogatepass")
        return hmac.new(self.secret, told, hashlib.sha256).digest()


def read_key(path: Path) -> bytes:
    """The key in a file of 64 hexadecimal digits that only its owner can read.

    Raises: ConfigurationError.
    """
    make = f"make one: wetread deidentify --new-key {path}"
    try:
        mode = path.stat().st_mode
        told = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise ConfigurationError(f"there is no key file {path}; {make}") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"the key file {path} can't be read ({type(problem).__name__}); {make}") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(f"others can read the key file {path}; take it from them: chmod 600 {path}")
    if not HEX.fullmatch(told):
        raise ConfigurationError(f"the key file {path} does not hold 64 hexadecimal digits; {make}")
    return bytes.fromhex(told)


def make_key(path: Path) -> None:
    """Write a new key to a file that does not exist yet, for its owner's eyes only.

    Raises: ConfigurationError.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            f"{path} is there already and is not written over: without its key nobody can go on with earlier copies"
        ) from None
    except OSError as problem:
        raise ConfigurationError(f"the key file {path} can't be made ({problem.strerror})") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
