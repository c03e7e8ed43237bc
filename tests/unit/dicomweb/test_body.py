"""The multipart body is read the same however it is cut, and what is no multipart body is refused."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.server.dicomweb.body import Begin, Body, Data, End, Malformed


def read(body: bytes, cuts=(), boundary="xyz"):
    """The parts' headers and contents, the body fed in pieces; and whether it was there to its end."""
    reader, found = Body(boundary), []
    places = [0, *sorted(cuts), len(body)]
    for start, end in pairwise(places):
        for event in reader.feed(body[start:end]):
            match event:
                case Begin(headers):
                    found.append([headers, b"", False])
                case Data(data):
                    found[-1][1] += bytes(data)
                case End():
                    found[-1][2] = True
    return found, reader.done


def written(parts, boundary=b"xyz"):
    return b"".join(b"\r\n--" + boundary + b"\r\nA: b\r\n\r\n" + one for one in parts) + b"\r\n--" + boundary + b"--"


pieces = st.sampled_from([b"\r\n", b"--", b"xyz", b"\r\n--xy", b"\r\n--xyzz", b"-", b"\r", b"\n", b"data"])
contents = st.lists(st.lists(pieces).map(b"".join), min_size=1, max_size=4).filter(
    lambda parts: all(b"\r\n--xyz\r\n" not in one and b"\r\n--xyz-" not in one for one in parts)
)


@settings(max_examples=150, deadline=None)
@given(contents, st.data())
def test_parts_come_out_as_they_were_wherever_the_body_is_cut(parts, data):
    body = written(parts)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=12))
    whole = read(body)
    assert read(body, cuts) == whole
    if all(not one.endswith((b"\r\n--xyz", b"\r\n--xyz ")) for one in parts):
        assert [one for _, one, _ in whole[0]] == parts
        assert whole[1]


def test_a_body_cut_at_every_byte_is_the_same():
    body = b"preamble\r\n--xyz \t\r\nContent-Type: a/b;\r\n c=d\r\n\r\n\r\n--xy"
    body += b"\r\n--xyz\r\n\r\nsecond\r\n--xyz--\r\nepilogue"
    found, done = read(body, range(len(body)))
    assert found == [[{"content-type": "a/b; c=d"}, b"\r\n--xy", True], [{}, b"second", True]]
    assert done


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_read_or_refused(body, cuts):
    try:
        found, done = read(body, [cut for cut in cuts if cut <= len(body)])
    except Malformed:
        return
    assert done == (bool(found) and b"--xyz--" in body) or b"--xyz--" in body


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 100_000,
        b"--xyz\r\n" + b"a" * 20_000,
        b"--xyz\r\nA: " + b"b" * 20_000 + b"\r\n\r\n",
        b"--xyz\r\nno header\r\n\r\n",
        b"--xyz\r\n: empty\r\n\r\n",
    ],
)
def test_what_would_be_held_without_end_is_refused(body):
    with pytest.raises(Malformed):
        read(body, range(0, len(body), 1000))


def test_nothing_but_the_last_bytes_is_held_while_a_part_comes_in():
    reader = Body("xyz")
    list(reader.feed(b"--xyz\r\n\r\n"))
    for _ in range(50):
        list(reader.feed(b"\r\n--xy" * 10_000))
        assert len(reader._held) < 100


@pytest.mark.parametrize("boundary", ["", "x" * 71, "a\r\nb", "a ", 'a"b', "ä"])
def test_a_boundary_that_cannot_be_is_refused(boundary):
    with pytest.raises(Malformed):
        Body(boundary)


def test_more_parts_than_can_be_are_refused(monkeypatch):
    monkeypatch.setattr("wetread.server.dicomweb.body.MOST_PARTS", 3)
    with pytest.raises(Malformed, match="more than 3"):
        read(written([b"a"] * 5))
