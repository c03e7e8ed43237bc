"""What every wrapper keeps of the reader inside it."""

from collections.abc import Callable
from dataclasses import replace

from wetread.domain.read import Read, ReadRequest, Trace
from wetread.ports import Estimate, Priced, Reader, identity_of, plan_of


class Wrapper:
    """A reader around a reader: its name, plan and identity; its estimate only where the inner one has one."""

    # Set on the instance and only where the inner reader is `Priced`: a wrapper must not look priced when it is not,
    # and from Python 3.12 on protocols don't see what __getattr__ would give.
    estimate: Callable[[ReadRequest], Estimate]

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.name = reader.name
        self.plan = plan_of(reader)
        self.identity = identity_of(reader)
        if isinstance(reader, Priced):
            self.estimate = reader.estimate


def trace_of(read: Read) -> Trace:
    """How a read came about, as far as it is known."""
    return read.trace or Trace()


def with_trace(read: Read, **changes: object) -> Read:
    """The read with parts of its trace set."""
    return replace(read, trace=replace(trace_of(read), **changes))  # type: ignore[arg-type] # the parts are Trace's fields
