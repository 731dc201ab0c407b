"""Measuring a protobuf body before it is parsed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TooLarge, Undecodable
from schema.signals import WIRE, Signal
from schema.wire import MAX_ITEMS, check_flood, check_items, count_nodes, varint
from tests.support import build
from tests.support.otlp import varint as written

ROOT = WIRE[Signal.TRACES].request.DESCRIPTOR.full_name


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


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("bytes_", [b"\x0a\x00", b"\x0a\x02\x12\x00", b"\x0a\x04\x12\x02\x12\x00"])
def test_a_flood_of_empty_messages_is_refused_in_time(signal: Signal, bytes_: bytes) -> None:
    """Megabytes of empty envelopes, scopes or items are refused before they are parsed."""
    body = bytes_ * (4_000_000 // len(bytes_))
    started = time.monotonic()
    with pytest.raises(Undecodable, match="most of them empty"):
        check_flood(signal, body)

    assert time.monotonic() - started < 3


@pytest.mark.parametrize("signal", Signal)
def test_real_requests_are_no_flood(signal: Signal) -> None:
    """A large request of small but real items passes."""
    body = build.body(signal, 60_000)

    assert len(body) > 1 << 20
    check_flood(signal, body)


def test_small_bodies_are_not_measured() -> None:
    """Below a megabyte nothing can do harm."""
    check_flood(Signal.TRACES, b"\x0a\x00" * 100_000)


def test_nodes_are_counted_down_to_the_attributes() -> None:
    """Envelopes, attributes, their values and whatever else is a message each count."""
    body = build.traces(build.span(attributes=build.attributes({"a": 1}), status={"code": 1})).SerializeToString()

    assert 9 == count_nodes(body, ROOT, 100)


def test_counting_stops_past_the_budget() -> None:
    """No more is looked at than is needed to refuse."""
    assert 4 == count_nodes(b"\x0a\x00" * 1000, ROOT, 3)


@pytest.mark.parametrize("body", [b"\x0a\x80", b"\x0b\x0c", b"\x0a", b"\xff" * 20, b"\x09\x0d"])
def test_a_malformed_part_is_left_to_the_parser(body: bytes) -> None:
    """Counting never fails."""
    assert count_nodes(body, ROOT, 100) >= 0


def test_row_35_items_over_the_cap_are_too_large() -> None:
    """The cap itself passes, one more does not."""
    check_items(MAX_ITEMS)
    with pytest.raises(TooLarge, match=f"{MAX_ITEMS + 1} items, the limit is {MAX_ITEMS}"):
        check_items(MAX_ITEMS + 1)
