"""What a vision model is asked: versioned texts per examination, a closed checklist, a schema, and every turn."""

from wetread.readers.prompts.context import ContextText, second_pass
from wetread.readers.prompts.fence import fenced, plain
from wetread.readers.prompts.pictures import first_pass
from wetread.readers.prompts.schema import synthesis_schema
from wetread.readers.prompts.sheet import Sheet, sheet_for
from wetread.readers.prompts.turns import repair, synthesis

__all__ = [
    "ContextText",
    "Sheet",
    "fenced",
    "first_pass",
    "plain",
    "repair",
    "second_pass",
    "sheet_for",
    "synthesis",
    "synthesis_schema",
]
