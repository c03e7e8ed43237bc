"""Where reports go, and the proof that they arrived."""

from wetread.delivery.folder import Folder

__all__ = ["Folder"]
