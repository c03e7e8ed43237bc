"""Bytes from outside become studies: files, folders, archives, and the clinical context."""

from wetread.intake.archive import ArchiveLimits
from wetread.intake.context import read_context
from wetread.intake.declared import Declared
from wetread.intake.folder import Folder

__all__ = ["ArchiveLimits", "Declared", "Folder", "read_context"]
