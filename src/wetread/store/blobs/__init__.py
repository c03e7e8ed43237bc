"""Stored objects by the SHA-256 of their bytes: in a folder of this machine or in an object store (fsspec)."""

from pathlib import Path
from urllib.parse import urlsplit

from wetread.store.blobs.base import Blobs, Stored
from wetread.store.blobs.folder import FolderBlobs
from wetread.store.blobs.remote import RemoteBlobs

__all__ = ["Blobs", "FolderBlobs", "RemoteBlobs", "Stored", "open_blobs"]


def open_blobs(url: str | None, folder: Path) -> Blobs:
    """The blobs in `folder`; with a URL those of that object store, and `folder` holds copies that were asked for.

    Raises: ConfigurationError if no such object store is known, MissingExtra if its package is not installed.
    """
    if url is None:
        return FolderBlobs(folder)
    parts = urlsplit(url)
    if parts.scheme in {"", "file", "local"}:
        return FolderBlobs(Path(parts.netloc + parts.path))
    return RemoteBlobs(url, folder)
