from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.errors import FileUnreadable
from wetread.intake.sources.multipart import parts

KIND = 'multipart/related; type="application/dicom"; boundary="b-1"'


def message(bodies: list[bytes], *, boundary: bytes = b"b-1") -> bytes:
    pieces = [b"--" + boundary + b"\r\nContent-Type: application/dicom\r\n\r\n" + body + b"\r\n" for body in bodies]
    return b"".join(pieces) + b"--" + boundary + b"--\r\n"


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[a:b] for a, b in pairwise(places)]


def read(chunks: list[bytes], kind: str = KIND) -> list[bytes]:
    return [b"".join(part.body) for part in parts(kind, iter(chunks), subject="s")]


@given(st.lists(st.binary(max_size=60), max_size=4), st.lists(st.integers(0, 10_000), max_size=30))
def test_the_parts_are_the_same_wherever_the_stream_is_cut(bodies, at):
    assert read(cut(message(bodies), at)) == bodies


@given(st.lists(st.sampled_from([b"\r\n--b-", b"\r\n-", b"--b-", b"\r", b"\n--", b"x"]), max_size=12))
def test_bytes_that_resemble_a_boundary_stay(pieces):
    body = b"".join(pieces)
    assert read([message([body, b"end"])]) == [body, b"end"]


def test_a_part_that_nobody_reads_is_skipped():
    found = parts(KIND, iter([message([b"first" * 50, b"second"])]), subject="s")
    next(found)
    assert b"".join(next(found).body) == b"second"


def test_a_preamble_is_no_part():
    assert read([b"this is a multipart message\r\n" + message([b"one"])]) == [b"one"]


@pytest.mark.parametrize("lost", [1, 4, 5, 9, 30])
def test_an_answer_that_breaks_off_is_an_error_and_no_object(lost):
    whole = message([b"one", b"two"]).removesuffix(b"--\r\n")
    with pytest.raises(FileUnreadable, match="broke off"):
        read([whole[:-lost]])


@pytest.mark.parametrize("kind", ["text/html", "multipart/related", 'multipart/related; boundary=""'])
def test_what_is_no_multipart_is_refused(kind):
    with pytest.raises(FileUnreadable, match="no multipart"):
        read([b"x"], kind)


def test_endless_headers_are_refused():
    with pytest.raises(FileUnreadable, match="too long"):
        read([b"--b-1\r\nX: " + b"a" * 70_000])
