"""Walking protobuf's wire format."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.wire import field, skip, split, varint
from tests.support.otlp import delimited
from tests.support.otlp import varint as written

VALUES = [b"\x08\x96\x01", b"\x09aaaaaaaa", b"\x0a\x02hi", b"\x0b\x08\x01\x13\x14\x12\x01x\x0c", b"\x0daaaa"]
"""One field of every wire type: a varint, 8 bytes, a string, groups one in the other, 4 bytes."""


@given(st.integers(0, 2**64 - 1))
def test_a_varint_is_read_with_its_end(value: int) -> None:
    """Every number of 64 bits comes back, and where it ends."""
    assert (value, 1 + len(written(value))) == varint(b"x" + written(value) + b"rest", 1)


def test_a_bad_varint_is_told_apart() -> None:
    """A cut varint is an IndexError, one that is too long a ValueError."""
    with pytest.raises(IndexError):
        varint(b"\x80\x80", 0)
    with pytest.raises(ValueError, match="10"):
        varint(b"\xff" * 11, 0)


def test_a_message_is_parted_into_a_field_and_the_rest() -> None:
    """The values of the wanted field are found where they are; all else stays together in its order."""
    body = b"\x08\x01" + delimited(2, b"one") + b"\x10\x07" + delimited(2, b"") + delimited(3, b"x")
    rest, parts = split(body, 0, len(body), number=2, most=9)

    assert b"\x08\x01\x10\x07" + delimited(3, b"x") == rest
    assert [(delimited(2, b"one"), b"one"), (delimited(2, b""), b"")] == [
        (body[start:end], body[at:end]) for start, at, end in parts
    ]


def test_parting_stops_past_what_is_wanted() -> None:
    """One more than wanted is enough to know."""
    assert 4 == len(split(b"\x12\x00" * 1000, 0, 2000, number=2, most=3)[1])


@pytest.mark.parametrize("end", [3, 4])
def test_a_value_that_reaches_beyond_its_message_cannot_be(end: int) -> None:
    """A length is held against the end of the message, not of the body."""
    with pytest.raises(IndexError):
        split(b"\x12\x03abcdef", 0, end, number=2, most=9)
    with pytest.raises(IndexError):
        split(b"\x1a\x03abcdef", 0, end, number=2, most=9)


def test_parting_takes_time_in_step_with_the_length() -> None:
    """Sixteen megabytes of other fields between the wanted ones are put together within a second."""
    body = (delimited(2, b"") + delimited(9, bytes(1000))) * 16_000
    began = time.thread_time()
    split(body, 0, len(body), number=2, most=len(body))

    assert time.thread_time() - began < 1


@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_every_type_is_stepped_over(value: bytes) -> None:
    """Whatever a field holds, it ends where the next begins."""
    assert len(value) == skip(value + b"\x08\x01", 1, value[0])


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_lacks_its_end_is_an_index_error(value: bytes) -> None:
    """Bytes that are missing are told from those that are wrong."""
    with pytest.raises(IndexError):
        skip(value[:-1], 1, value[0])


@pytest.mark.parametrize("body", [b"\x02\x00", b"\x0c", b"\x0e\x00", b"\x0f\x00", b"\x0b\x14", b"\x0b\x02\x00\x0c"])
def test_what_can_be_no_field_is_a_value_error(body: bytes) -> None:
    """Field 0, an end without its group, types 6 and 7, and groups that cross are wrong wherever they stand."""
    with pytest.raises(ValueError, match=r"\d+"):
        skip(body, 1, body[0])


@given(st.integers(1, 2**29 - 1), st.binary(max_size=300))
def test_a_field_is_written_as_protobuf_writes_it(number: int, value: bytes) -> None:
    """Its number, its length and its value follow each other."""
    assert delimited(number, value) == field(number, value)
