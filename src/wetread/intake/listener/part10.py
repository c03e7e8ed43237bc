"""What stands before a data set in a file (PS3.10 section 7.1). No AE titles: who sent it is told by its arrival."""

import struct

from wetread import __version__

IMPLEMENTATION_UID = "2.25.180188705127337963234769839931745501147"  # this product's, wherever it names itself
IMPLEMENTATION_VERSION = f"WETREAD_{__version__.replace('.', '')}"[:16]
PREAMBLE_BYTES = 128


def file_head(sop_class: bytes, sop_instance: bytes, transfer_syntax: bytes) -> bytes:
    """Preamble, prefix and file meta information; the data set's bytes follow as they came."""
    meta = b"".join((
        struct.pack("<HH2sHL", 2, 0x0001, b"OB", 0, 2) + b"\0\1",
        _element(0x0002, b"UI", sop_class, b"\0"),
        _element(0x0003, b"UI", sop_instance, b"\0"),
        _element(0x0010, b"UI", transfer_syntax, b"\0"),
        _element(0x0012, b"UI", IMPLEMENTATION_UID.encode(), b"\0"),
        _element(0x0013, b"SH", IMPLEMENTATION_VERSION.encode(), b" "),
    ))  # fmt: skip
    return bytes(PREAMBLE_BYTES) + b"DICM" + _element(0x0000, b"UL", struct.pack("<L", len(meta)), b"") + meta


def _element(element: int, vr: bytes, value: bytes, pad: bytes) -> bytes:
    value += pad * (len(value) % 2)
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value
