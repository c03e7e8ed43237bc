"""What a caller accepts is understood as RFC 9110 and PS3.18 say."""

import pytest
from starlette.requests import Request

from wetread.server.dicomweb.frames import frame_type
from wetread.server.dicomweb.media import accepted, content_type

LITTLE, J2K, JLS, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"
OCTETS = 'multipart/related; type="application/octet-stream"'


def ranges(accept, query=b""):
    headers = [] if accept is None else [(b"accept", accept.encode("latin-1"))]
    return accepted(Request({"type": "http", "headers": headers, "query_string": query}))


@pytest.mark.parametrize(
    ("accept", "syntax", "expected"),
    [
        (None, LITTLE, f"application/octet-stream; transfer-syntax={LITTLE}"),
        ("*/*", J2K, f"image/jp2; transfer-syntax={J2K}"),
        (OCTETS, LITTLE, f"application/octet-stream; transfer-syntax={LITTLE}"),
        (OCTETS, J2K, None),
        (f"{OCTETS}; transfer-syntax=*", J2K, f"application/octet-stream; transfer-syntax={J2K}"),
        (f"{OCTETS}; transfer-syntax={J2K}", J2K, f"application/octet-stream; transfer-syntax={J2K}"),
        (f"{OCTETS}; transfer-syntax={J2K}", JLS, None),
        ('multipart/related; type="image/jls"', JLS, f"image/jls; transfer-syntax={JLS}"),
        ('multipart/related; type="image/*"', RLE, f"image/dicom-rle; transfer-syntax={RLE}"),
        (
            f'multipart/related; type="image/jp2"; q=0, {OCTETS}; transfer-syntax=*;q=0.1',
            J2K,
            None or "application/octet-stream; transfer-syntax=" + J2K,
        ),
        ("text/html", LITTLE, None),
    ],
)
def test_frames_come_in_the_type_that_is_accepted(accept, syntax, expected):
    assert frame_type(ranges(accept), syntax) == expected


def test_the_best_range_is_first_and_those_of_quality_zero_are_out():
    assert [r.media_type for r in ranges("image/png;q=0.5, image/jpeg, text/html;q=0, x/y;q=oops")] == [
        "image/jpeg",
        "image/png",
    ]


def test_a_parameter_of_the_address_wins_over_the_header():
    assert ranges("image/png", b"accept=image/jpeg")[0].media_type == "image/jpeg"


@pytest.mark.parametrize(
    "accept", ['a/b; c="', ",,,", ";", '"', "a" * 10_000, '"' * 5_000, "a/b;" * 5_000, ";x=" * 5000]
)
def test_headers_that_make_no_sense_are_understood_as_nothing_or_something_but_quickly(accept):
    assert isinstance(ranges(accept), tuple)


def test_quoted_parameters_may_hold_anything():
    assert content_type('Multipart/Related; TYPE="a;b, \\"c\\""; boundary=x') == (
        "multipart/related",
        {"type": 'a;b, "c"', "boundary": "x"},
    )
