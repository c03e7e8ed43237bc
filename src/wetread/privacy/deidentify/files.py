"""One file of any kind to a copy beside it in another folder; made to be called behind the guard."""

from dataclasses import replace
from pathlib import Path

from wetread.dicom import Limits, looks_like_dicom
from wetread.errors import FileUnreadable, TooLarge
from wetread.privacy.deidentify.engine import deidentify_file
from wetread.privacy.deidentify.options import Options
from wetread.privacy.deidentify.outcome import Copied, Stays
from wetread.privacy.deidentify.pictures import deidentify_picture, is_picture

HEAD_BYTES = 1024
ARCHIVE = b"PK\x03\x04"


def deidentify_to(paths: tuple[str, str | None], subject: str, secret: bytes, options: Options) -> Copied | Stays:
    """Write the copy of a file. `paths`: the file and the copy, which must be another; None where nothing is written.

    What comes back has no bytes. Raises: InputError where the file does not read.
    """
    source, out = Path(paths[0]), paths[1]
    made = _made(source, subject, secret, options)
    if isinstance(made, Stays):
        return made
    if out is not None:
        Path(out).write_bytes(made.data)
    return replace(made, data=b"")


def _made(source: Path, subject: str, secret: bytes, options: Options) -> Copied | Stays:
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as problem:
        raise FileUnreadable(subject, f"it can't be opened ({problem.strerror})", "check its rights") from None
    limit = Limits().max_file_bytes
    if size > limit:
        raise TooLarge(subject, f"it has {size:,} bytes, the limit is {limit:,}", "split it")
    if looks_like_dicom(head):
        return deidentify_file(str(source), subject, secret, options)
    if is_picture(head):
        return deidentify_picture(source, subject, options)
    if head.startswith(ARCHIVE):
        return Stays(why="it is an archive", remedy="unpack it and give the folder")
    return Stays(why="it is no DICOM object and no PNG or JPEG picture, so nobody can tell what it says")
