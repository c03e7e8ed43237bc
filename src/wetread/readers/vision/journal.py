"""Finished calls of a read under way, kept so that a read that begins anew does not pay for them twice.

Outside a scope nothing is kept. Inside one a call is known by everything that shaped it and by how often the same was
asked before: a repeated run of the same question is another call. The word that fences untrusted text in a prompt is
the same at every beginning of a scope, or no call would ever be known again; nobody outside can foretell it.
"""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Protocol

from wetread.readers.vision.question import Form, Question, Reply

SCOPE: "ContextVar[Scope | None]" = ContextVar("SCOPE", default=None)
NONCE_HEX = 16


class Journal(Protocol):
    """Where finished calls are kept."""

    async def recall(self, key: str) -> str | None:
        """What the call gave, None where it was not finished."""
        ...

    async def record(self, key: str, body: str) -> object:
        """Keep what a call gave."""
        ...


@dataclass(slots=True)
class Scope:
    """One read of one study that may begin anew: its name, a secret kept with it, what was asked so far."""

    name: str
    secret: str
    _asked: Counter[str] = field(default_factory=Counter)

    def key(self, *parts: str) -> str:
        """The name of a call: these parts for the n-th time."""
        shape = _hash(*parts)
        self._asked[shape] += 1
        return _hash(self.name, shape, str(self._asked[shape]))

    def nonce(self, *parts: str) -> str:
        """The fencing word for these parts, for the n-th time."""
        shape = self.key("nonce", *parts)
        return hmac.new(self.secret.encode(), shape.encode(), hashlib.sha256).hexdigest()[:NONCE_HEX]


@contextmanager
def scope(name: str, secret: str) -> Iterator[None]:
    """What is asked inside belongs to the read of this name."""
    token = SCOPE.set(Scope(name, secret))
    try:
        yield
    finally:
        SCOPE.reset(token)


def call_key(reader: str, question: Question, form: Form) -> str | None:
    """The name of a call of this scope, None outside of any."""
    inside = SCOPE.get()
    if inside is None:
        return None
    pictures = (_hash(p.media_type, hashlib.sha256(p.data).hexdigest()) for p in question.pictures)
    told = (question.system, question.text, question.schema, question.answer, question.remark)
    return inside.key(reader, form.value, *pictures, *(json.dumps(one) for one in told))


def fencing_word(reader: str, *parts: str) -> str | None:
    """The fencing word of this scope for these parts, None outside of any."""
    inside = SCOPE.get()
    return inside.nonce(reader, *parts) if inside is not None else None


def written(reply: Reply) -> str:
    """A reply as text."""
    return json.dumps(asdict(reply), ensure_ascii=False)


def understood(body: str) -> Reply:
    """The reply that the text holds."""
    told = json.loads(body)
    return Reply(**{**told, "form": Form(told["form"])})


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
