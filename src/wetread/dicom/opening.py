"""Open a DICOM file: tolerant where it is safe, a clear error where it is not."""

import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileDataset
from pydicom.uid import UID

from wetread.dicom.elements import PIXEL_TAGS, Elements, check_nesting, read_elements, read_pixels
from wetread.dicom.inflate import inflate
from wetread.dicom.limits import Limits
from wetread.dicom.meta import Meta, read_meta
from wetread.dicom.sniff import UNDEFINED, Encoding, encoding_of, looks_like_dicom
from wetread.domain.study import Flag
from wetread.errors import FileUnreadable, TooLarge

HEAD_BYTES = 1024
DEFLATED = "1.2.840.10008.1.2.1.99"
RESEND = "ask the sender for the file again"
REPAIRS = {
    "no_preamble": "The file has no DICOM preamble.",
    "missing_meta": "The file has no meta information; its encoding was recognised from its content.",
    "wrong_meta_length": "The length of the meta information is wrong or missing.",
    "missing_transfer_syntax": "The file names no transfer syntax; it was recognised from its content.",
    "wrong_transfer_syntax": "The header is not written in the transfer syntax that the file names.",
    "truncated_header": "The header ends early or is damaged; what came before was used.",
    "truncated_pixels": "The pixel data ends before its declared length.",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A dataset, the transfer syntax it is written in, and what was repaired.

    `pixel_keyword` names the pixel data element, None where there is none. `pixel_bytes` is how many
    bytes of native pixel data the file holds, None where they are encapsulated or absent. `pixel_offset` is where
    its value starts in the file, None where there is none or the dataset is deflated.
    """

    dataset: FileDataset
    transfer_syntax_uid: str
    flags: tuple[Flag, ...]
    pixel_keyword: str | None
    pixel_bytes: int | None
    pixel_offset: int | None = None


class _Clipped(io.BufferedReader):
    """A file whose reads never ask for more than is left, so that a false length allocates nothing."""

    def __init__(self, raw: io.FileIO, size: int) -> None:
        super().__init__(raw, 1 << 16)
        self._bytes = size

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes, at most what is left."""
        if size is not None and size > 4096:
            size = max(min(size, self._bytes - self.tell()), 0)
        return super().read(size)


@contextmanager
def _opened(path: Path, subject: str, limits: Limits) -> Iterator[tuple[BinaryIO, int]]:
    """The file and its size; special files and files over the limit are refused unread."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileUnreadable(subject, "it is not a regular file", "give a file or a folder")
        if status.st_size > limits.max_file_bytes:
            raise TooLarge(
                subject,
                f"it has {status.st_size:,} bytes, the limit is {limits.max_file_bytes:,}",
                "raise max_file_bytes",
            )
        file = _Clipped(io.FileIO(path), status.st_size)
    except OSError as error:
        raise FileUnreadable(subject, f"it can't be opened ({error.strerror})", "check that it exists") from error
    with file:
        yield cast(BinaryIO, file), status.st_size


def open_dataset(
    path: Path,
    subject: str,
    *,
    pixels: bool,
    tags: tuple[str, ...] | None = None,
    limits: Limits | None = None,
) -> Opened:
    """Read the DICOM file at `path`, called `subject` in errors.

    With `pixels=False` the pixel data stays on disk; `tags` names the only keywords to keep.
    Nothing in the file is ever followed as a path.

    Raises: FileUnreadable, TooLarge.
    """
    limits = limits or Limits()
    wanted = tuple(tag for tag in map(tag_for_keyword, tags) if tag is not None) if tags else None
    with _opened(path, subject, limits) as (file, size):
        if size == 0:
            raise FileUnreadable(subject, "it is empty", RESEND)
        if not looks_like_dicom(file.read(HEAD_BYTES)):
            raise FileUnreadable(subject, "it is no DICOM file", "give a DICOM file")
        file.seek(0)
        meta = read_meta(file)
        body, encoding, amiss = _body(file, size, meta, subject=subject, limits=limits)
        body_size = size if body is file else body.seek(0, io.SEEK_END)
        body.seek(meta.dataset_offset if body is file else 0)
        read = read_elements(body, body_size, encoding, wanted)
        check_nesting(read.found, subject, limits)
        if _is_worthless(read):
            raise FileUnreadable(subject, "its DICOM header is damaged or ends too early", RESEND)
        complete = read.pixel_declared in (UNDEFINED, read.pixel_held)
        if pixels and read.pixel_tag is not None:
            element, complete = read_pixels(body, read, encoding)
            read.found[element.tag] = element
    amiss += ("truncated_header",) * read.cut + ("truncated_pixels",) * (not complete)
    return _result(meta, read, encoding, amiss, in_file=body is file)


def _body(
    file: BinaryIO, size: int, meta: Meta, *, subject: str, limits: Limits
) -> tuple[BinaryIO, Encoding, tuple[str, ...]]:
    """The stream that holds the dataset, its encoding, and what was amiss."""
    file.seek(meta.dataset_offset)
    declared = meta.transfer_syntax_uid
    if declared == DEFLATED:
        rest = file.read()
        if not _is_plain(rest):
            inflated, complete = inflate(rest, subject, limits.max_inflated_bytes)
            return io.BytesIO(inflated), Encoding(False, True), meta.amiss + ("truncated_header",) * (not complete)
    file.seek(meta.dataset_offset)
    found = encoding_of(file.read(8))
    if found is None:
        problem = (
            "nothing follows its meta information" if meta.dataset_offset >= size - 8 else "it is not written as DICOM"
        )
        raise FileUnreadable(subject, problem, RESEND)
    if declared is None:
        return file, found, (*meta.amiss, "missing_transfer_syntax")
    wrong = declared == DEFLATED or not _agrees(UID(declared), found)
    return file, found, meta.amiss + ("wrong_transfer_syntax",) * wrong


def _is_plain(rest: bytes) -> bool:
    """True where bytes declared as deflated are in truth a plain explicit dataset."""
    encoding = encoding_of(rest[:8])
    if encoding is None or encoding.implicit:
        return False
    try:
        zlib.decompressobj(-zlib.MAX_WBITS).decompress(rest[:4096], 4096)
    except zlib.error:
        return True
    return False


def _agrees(declared: UID, found: Encoding) -> bool:
    if declared.is_private or not declared.is_transfer_syntax:
        return True
    return declared.is_implicit_VR == found.implicit and declared.is_little_endian == found.little


def _is_worthless(read: Elements) -> bool:
    """True where nothing that names or shows an object was read."""
    if not read.found and read.pixel_tag is None:
        return True
    telling = {0x00080016, 0x00080018, 0x00080060, 0x0020000D, 0x00041220}
    return read.cut and read.pixel_tag is None and not telling & {int(tag) for tag in read.found}


def _result(meta: Meta, read: Elements, encoding: Encoding, amiss: tuple[str, ...], *, in_file: bool) -> Opened:
    syntax = meta.transfer_syntax_uid or encoding.transfer_syntax_uid
    if "wrong_transfer_syntax" in amiss and not UID(syntax).is_encapsulated:
        syntax = encoding.transfer_syntax_uid
    meta.dataset.TransferSyntaxUID = UID(syntax)
    dataset = FileDataset(
        "", read.found, meta.preamble, meta.dataset, is_implicit_VR=encoding.implicit, is_little_endian=encoding.little
    )
    flags = tuple(Flag(code=code, text=REPAIRS[code]) for code in dict.fromkeys(amiss))
    native = read.pixel_tag is not None and read.pixel_declared != UNDEFINED
    return Opened(
        dataset=dataset,
        transfer_syntax_uid=syntax,
        flags=flags,
        pixel_keyword=PIXEL_TAGS.get(read.pixel_tag or 0),
        pixel_bytes=read.pixel_held if native else None,
        pixel_offset=read.pixel_offset if in_file and read.pixel_tag is not None else None,
    )
