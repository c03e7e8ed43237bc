"""One guarded call: what it may raise, and the same call without a process of its own."""

import traceback
from collections.abc import Callable
from typing import Protocol, TypeVar

from wetread.errors import FileUnreadable, TooLarge, WetreadError

R = TypeVar("R")


class Isolation(Protocol):
    """Runs work on untrusted bytes. `Guard` isolates, `Inline` does not."""

    def call(self, function: Callable[..., R], /, *args: object, subject: str, timeout_s: float | None = None) -> R:
        """The result of `function(*args)`; whatever goes wrong is a WetreadError about `subject`."""
        ...

    def close(self) -> None:
        """Give up what the isolation holds; a later call starts afresh."""
        ...


def deliberate(error: Exception, subject: str) -> WetreadError:
    """The error as one of our tree: deliberate ones as they are, others as one about `subject`.

    An unexpected error's own message is left out, for it may quote the file; its frames become a note.
    """
    if isinstance(error, WetreadError):
        return error
    if isinstance(error, MemoryError):
        return TooLarge(subject, "it needs more memory than it is allowed", "raise the memory limit or split the file")
    found = FileUnreadable(subject, f"processing it failed unexpectedly ({type(error).__name__})", "please report this")
    found.add_note("".join(traceback.format_tb(error.__traceback__)))
    return found


class Inline:
    """The same calls in this process: no limits, for tests and benchmarks."""

    def call(self, function: Callable[..., R], /, *args: object, subject: str, timeout_s: float | None = None) -> R:  # noqa: ARG002 - the port's signature
        """The result of `function(*args)`.

        Raises: WetreadError.
        """
        try:
            return function(*args)
        except Exception as error:
            raise deliberate(error, subject) from error

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> "Inline":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
