"""Inflate a deflated dataset with a bound, before any parser sees it (PS3.5 A.5)."""

import zlib

from wetread.errors import FileUnreadable, TooLarge

RAW_DEFLATE = -zlib.MAX_WBITS
WITH_HEADER = zlib.MAX_WBITS | 32  # some writers leave the zlib or gzip header on


def inflate(data: bytes, subject: str, max_bytes: int) -> tuple[bytes, bool]:
    """The inflated bytes and whether the stream was complete.

    Raises: TooLarge over `max_bytes`, FileUnreadable where it is no deflate stream.
    """
    for window_bits in (RAW_DEFLATE, WITH_HEADER):
        stream = zlib.decompressobj(window_bits)
        try:
            inflated = stream.decompress(data, max_bytes)
        except zlib.error:
            continue
        if stream.unconsumed_tail and not stream.eof:
            raise TooLarge(
                subject,
                f"its deflated dataset inflates to more than {max_bytes:,} bytes",
                "raise max_inflated_bytes if the file can be trusted",
            )
        return inflated, stream.eof
    raise FileUnreadable(subject, "its dataset is declared as deflated but does not inflate", "ask for it to be resent")
