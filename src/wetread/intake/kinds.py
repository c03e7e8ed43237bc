"""What a file is, told by its bytes and never by its name."""

from enum import StrEnum

from wetread.dicom import looks_like_dicom

HEAD_BYTES = 4096


class FileKind(StrEnum):
    """What intake can do with a file."""

    DICOM = "dicom"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    ZIP = "zip"
    TEXT = "text"
    PDF = "pdf"
    EMPTY = "empty"
    OTHER = "other"


SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"II*\0", FileKind.TIFF),
    (b"MM\0*", FileKind.TIFF),
    (b"II+\0", FileKind.TIFF),
    (b"MM\0+", FileKind.TIFF),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP),
    (b"%PDF-", FileKind.PDF),
)
FOREIGN = (
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"RIFF", "a WebP picture or other RIFF file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 stream"),
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
)
BESIDE = frozenset((FileKind.TEXT, FileKind.PDF))  # what lies beside images in a folder


def kind_of(head: bytes) -> FileKind:
    """The kind of the file that starts with `head` (its first 4096 bytes)."""
    if not head:
        return FileKind.EMPTY
    if looks_like_dicom(head):
        return FileKind.DICOM
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    return FileKind.TEXT if _is_text(head) else FileKind.OTHER


def described(head: bytes, kind: FileKind) -> str:
    """What the file is, for people."""
    if kind in BESIDE or kind is FileKind.EMPTY:
        return {FileKind.TEXT: "a text file", FileKind.PDF: "a PDF document"}.get(kind, "empty")
    if head[344:348] in (b"n+1\0", b"ni1\0"):
        return "a NIfTI volume"
    return next((name for start, name in FOREIGN if head.startswith(start)), "of no known kind")


def _is_text(head: bytes) -> bool:
    """True for printable text; a character cut at the end of `head` is no objection."""
    for encoding in ("utf-16",) if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "cp1252"):
        try:
            words = head[: len(head) - len(head) % 2 if encoding == "utf-16" else None].decode(encoding)
        except UnicodeDecodeError as error:
            if encoding != "utf-8" or error.start < len(head) - 4 or len(head) < HEAD_BYTES:
                continue
            words = head[: error.start].decode(encoding)
        if all(c.isprintable() or c in "\t\r\n\f\ufeff" for c in words):
            return True
    return False
