"""What a vision model answered: from any form to coded findings, several answers to one, and out in other schemes."""

from wetread.readers.answers.foreign import as_foreign
from wetread.readers.answers.merging import merge_calls, merge_passes, with_synthesis
from wetread.readers.answers.understand import salvage, understand
from wetread.readers.answers.understood import Dropped, Understood

__all__ = [
    "Dropped",
    "Understood",
    "as_foreign",
    "merge_calls",
    "merge_passes",
    "salvage",
    "understand",
    "with_synthesis",
]
