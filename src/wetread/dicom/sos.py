"""Repair one defect of 12-bit JPEG writers: a scan header that ends its spectral selection at 0."""

import re

SEQUENTIAL = (0xC0, 0xC1)  # baseline and extended sequential DCT, ITU-T T.81 table B.1
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
LAST_COEFFICIENT = 63  # Se of a sequential scan, ITU-T T.81 B.2.3


def repair_sos(fragment: bytes) -> bytes:
    """The JPEG stream with Se set to 63 in sequential scans that say 0; any other stream unchanged."""
    if fragment[:2] != b"\xff\xd8":
        return fragment
    repaired: bytearray | None = None
    frame, offset = 0, 2
    while (match := NEXT_MARKER.search(fragment, offset)) is not None:
        marker, body = fragment[match.start() + 1], match.end()
        length = int.from_bytes(fragment[body : body + 2], "big")
        if length < 2 or body + length > len(fragment):
            break
        if marker in FRAMES:
            frame = marker
        se_at = body + length - 2  # ..., Ss, Se, AhAl
        if marker == 0xDA and frame in SEQUENTIAL and fragment[se_at - 1 : se_at + 1] == b"\0\0":
            repaired = repaired or bytearray(fragment)
            repaired[se_at] = LAST_COEFFICIENT
        offset = body + length
    return bytes(repaired) if repaired is not None else fragment
