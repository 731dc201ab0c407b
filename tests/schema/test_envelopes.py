"""Taking a protobuf request apart."""

import time
from itertools import pairwise

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from core.errors import TooLarge, Undecodable
from schema.envelopes import KINDS, read, runs
from schema.items import MAX_ITEMS
from schema.signals import WIRE, Signal
from schema.wire import Part
from tests.support import build
from tests.support.otlp import delimited
from tests.support.strategies import requests

UNKNOWN = b"\x98\x06\x01" + delimited(99, b"hi")
GROUP = b"\xc3\x3e\x08\x01" + delimited(2, b"not an item") + b"\xc4\x3e"
LONG_KEY = b"\x92\x80\x80\x00"
"""Field 2 as a message, in four bytes where one would do."""


def _request(*parts: bytes) -> bytes:
    return delimited(1, b"".join(parts))


def _items(body: bytes) -> list[bytes]:
    return [body[at:end] for envelope in read(body) for scoped in envelope.scopes for _, at, end in scoped.items]


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_the_parts_put_together_are_the_request(signal: Signal, data: st.DataObject) -> None:
    """Heads and items, each parsed alone, make the message that they were taken from."""
    request = data.draw(requests[signal])
    body = request.SerializeToString()
    kinds, made = KINDS[signal], WIRE[signal].request()
    for envelope in read(body):
        outer = kinds.envelope.FromString(envelope.head).SerializeToString()
        for scoped in envelope.scopes:
            found = [kinds.item.FromString(body[at:end]).SerializeToString() for _, at, end in scoped.items]
            inner = kinds.scoped.FromString(scoped.head).SerializeToString()
            outer += delimited(2, inner + b"".join(delimited(2, item) for item in found))
        made.MergeFromString(delimited(1, outer))

    assert request.SerializeToString(deterministic=True) == made.SerializeToString(deterministic=True)


@pytest.mark.parametrize("between", [UNKNOWN, GROUP, UNKNOWN + GROUP])
def test_P01_row_6_unknown_fields_and_groups_may_stand_between_the_items(between: bytes) -> None:
    """What is not known is stepped over on every level, even a group with a field that looks like an item."""
    scope = delimited(2, between + delimited(2, b"a") + between + delimited(2, b"b") + between)

    assert [b"a", b"b"] == _items(between + _request(between, scope, between) + between)


def test_a_key_may_be_longer_than_it_has_to_be() -> None:
    """A parser reads such keys, so they are no way around it."""
    items = LONG_KEY + b"\x81\x00a" + delimited(2, b"b")
    scope = LONG_KEY + bytes([len(items)]) + items
    body = b"\x8a\x00" + bytes([len(scope)]) + scope

    assert [b"a", b"b"] == _items(body)


def test_the_resource_may_follow_its_scopes() -> None:
    """Fields may come in any order; the scope's too may follow its items."""
    resource = delimited(1, delimited(1, b"\x0a\x01k"))
    scope = delimited(1, b"\x0a\x01s")
    (envelope,) = read(_request(delimited(2, delimited(2, b"a") + scope), resource))

    assert "k" == ResourceSpans.FromString(envelope.head).resource.attributes[0].key
    assert "s" == ScopeSpans.FromString(envelope.scopes[0].head).scope.name


def test_two_resources_of_one_envelope_are_one() -> None:
    """A message that comes twice is merged, as protobuf wants it, also around a scope."""
    first, second = (delimited(1, delimited(1, b"\x0a\x01" + key)) for key in (b"a", b"b"))
    (envelope,) = read(_request(first, delimited(2, b""), second))

    assert ["a", "b"] == [pair.key for pair in ResourceSpans.FromString(envelope.head).resource.attributes]


def test_an_empty_request_has_no_parts() -> None:
    """Nothing was sent, and nothing is found."""
    assert [] == read(b"")


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("cut", [1, 5, 20])
def test_row_2_a_request_without_its_end_is_broken(signal: Signal, cut: int) -> None:
    """Wherever a request ends too soon, its lengths tell."""
    with pytest.raises(DecodeError):
        read(build.body(signal)[:-cut])


@pytest.mark.parametrize(
    "body",
    [
        b"\x0a\x05\x12",
        b"\x0a\x02\xff",
        b"\x0b",
        b"\x0c",
        b"\x0b\x14",
        b"\x00\x01",
        b"\x0e",
        b"\x09\x01",
        b"\xff" * 11,
        b"\x0a\x02\x12\x01\x0a\x00",
        b"\x0a\x04\x12\x02\x12\x01\x0a\x00",
    ],
)
def test_row_8_broken_framing_is_a_decode_error(body: bytes) -> None:
    """Lengths past the end of what holds them, open groups, field 0 and unknown wire types leave no request."""
    with pytest.raises(DecodeError):
        read(body)


def test_row_34_row_35_parts_are_counted_on_each_level() -> None:
    """As many resources, scopes and items as a request may hold pass, one more of any does not."""
    body = _request(delimited(2, delimited(2, b""))) * MAX_ITEMS

    assert MAX_ITEMS == len(read(body))
    for more in (b"", delimited(2, b""), delimited(2, delimited(2, b""))):
        with pytest.raises(Undecodable, match=f"holds more than {MAX_ITEMS} parts, most of them empty"):
            read(body + _request(more))


def test_row_35_too_many_items_that_say_something_are_too_large() -> None:
    """Their sender is told to send less at once."""
    items = delimited(2, bytes(20)) * (MAX_ITEMS + 1)
    with pytest.raises(TooLarge, match=f"holds more than {MAX_ITEMS} items; send smaller batches"):
        read(_request(delimited(2, items)))


@pytest.mark.parametrize("bytes_", [b"\x0a\x00", b"\x0a\x02\x12\x00", b"\x0a\x04\x12\x02\x12\x00"])
def test_row_34_a_flood_of_empty_parts_is_refused_in_time(bytes_: bytes) -> None:
    """Megabytes of empty envelopes, scopes or items are refused before they are parsed."""
    body = bytes_ * (6_000_000 // len(bytes_))
    began = time.process_time()
    with pytest.raises(Undecodable, match="most of them empty"):
        read(body)

    assert time.process_time() - began < 3


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 100))
def test_items_are_cut_into_runs(sizes: list[int], most: int) -> None:
    """Every item is in one run, in order; a run that is too large is one item, and none could have held the next."""
    ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
    items: list[Part] = [(end - size, end - size, end) for end, size in zip(ends, sizes, strict=True)]
    found = list(runs(items, most))

    assert items == [item for run in found for item in run]
    assert all(len(run) == 1 or run[-1][2] - run[0][0] <= most for run in found)
    assert all(after[0][2] - run[0][0] > most for run, after in pairwise(found))
