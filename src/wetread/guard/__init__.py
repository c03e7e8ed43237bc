"""Work on untrusted bytes in a child process with memory and time limits."""

from wetread.guard.process import Guard
from wetread.guard.work import Inline, Isolation

__all__ = ["Guard", "Inline", "Isolation"]
