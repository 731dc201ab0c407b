"""What spans, log records and points share: ids, times, resources, scopes, payloads."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TooLarge
from schema.items import (
    MAX_ITEMS,
    ItemRefusedError,
    PayloadBudget,
    check_count,
    nanos,
    optional_id,
    repaired,
    required_id,
    resource_row,
    scope_row,
)
from schema.signals import Signal
from tests.support import build
from tests.support.otlp import RECEIVED_AT, Read, in_both, item, items, read, read_twin


@given(st.binary(min_size=8, max_size=8).filter(any))
def test_a_good_id_is_hexadecimal(raw: bytes) -> None:
    """An id of the right length that is not all zero is kept, in lower case."""
    notes: dict[str, Any] = {}

    assert (raw.hex(), {}) == (required_id(raw, 8, "span_id", notes), notes)


@pytest.mark.parametrize("size", [0, 1, 7, 9, 15, 17, 32])
def test_a_required_id_of_another_length_refuses_the_item(size: int) -> None:
    """The refusal says how long the id is and how long it should be."""
    with pytest.raises(ItemRefusedError, match=f"^span_id has {size} bytes, need 8$") as caught:
        required_id(b"\xfe" * size, 8, "span_id", {})

    assert caught.value.reason == "invalid_span_id"


def test_a_required_id_of_zeros_refuses_the_item() -> None:
    """An id that is all zero is no id."""
    with pytest.raises(ItemRefusedError, match=r"^span_id is all zero$"):
        required_id(bytes(8), 8, "span_id", {})


def test_an_optional_id_may_be_missing() -> None:
    """Nothing and zeros mean that there is none; that is no cause for a note."""
    notes: dict[str, Any] = {}

    assert (None, None, {}) == (optional_id(b"", 8, "x", notes), optional_id(bytes(16), 8, "x", notes), notes)


def test_an_optional_id_of_another_length_is_noted() -> None:
    """A wrong id is dropped, and what came is kept in the notes, as far as 64 bytes."""
    notes: dict[str, Any] = {}

    assert (None, {"x": "ff" * 64}) == (optional_id(b"\xff" * 100, 8, "x", notes), notes)


def test_hexadecimal_text_in_a_binary_id_is_understood() -> None:
    """An id sent as text is decoded, and the text is noted."""
    notes: dict[str, Any] = {}

    assert "eee19b7ec3c1b174" == optional_id(b"EEE19B7EC3C1B174", 8, "x", notes)
    assert {"x": b"EEE19B7EC3C1B174".hex()} == notes


@pytest.mark.parametrize("text", [b"not hexadecimal!", b"0" * 16, b"5b 8e ff f7 98 0", "é".encode() * 8])
def test_other_text_in_a_binary_id_is_not(text: bytes) -> None:
    """Text of the right length that is no id of ours stays a wrong id."""
    assert optional_id(text, 8, "x", {}) is None


@given(st.integers(0, 2**64 - 1))
def test_Q01_a_time_beyond_sqlite_stays_in_the_notes(value: int) -> None:
    """Every legal time is kept exactly: as an integer, or as text in the notes."""
    notes: dict[str, Any] = {}
    kept = nanos(value, "time", notes)

    assert value == (kept if kept is not None else int(notes["time"]))
    assert (kept is None) == (value > 2**63 - 1)


@in_both
@pytest.mark.parametrize("value", [2**63, 2**64 - 1])
def test_Q01_numbers_beyond_sqlite_cost_nothing(decoded: Read, value: int) -> None:
    """Times and counts above 2^63-1 are legal: the span, the event and the points are stored."""
    span = build.span(start_time_unix_nano=value, events=[{"time_unix_nano": value}])
    found = item(decoded(Signal.TRACES, build.traces(span)))

    assert (None, f'{{"start_time_unix_nano":"{value}"}}') == (found["start_time_unix_nano"], found["repaired"])
    assert f'[{{"timeUnixNano":{value},"name":"","attributes":{{}}}}]' == found["events"]


@in_both
def test_row_42_a_point_far_in_the_future_is_kept(decoded: Read) -> None:
    """A point's impossible time is noted as it came; the point stands where it was received."""
    found = item(decoded(Signal.METRICS, build.metrics(build.gauge(build.point(time_unix_nano=2**64 - 1)))))

    assert (RECEIVED_AT, None, '{"time_unix_nano":"18446744073709551615"}') == (
        found["sort_time"],
        found["time_unix_nano"],
        found["repaired"],
    )


@in_both
def test_row_43_times_from_1970_to_2262_are_kept(decoded: Read) -> None:
    """The first and the last nanosecond that fit are stored as they are."""
    found = item(decoded(Signal.TRACES, build.traces(build.span(start_time_unix_nano=1, end_time_unix_nano=2**63 - 1))))

    assert (1, 2**63 - 1) == (found["start_time_unix_nano"], found["end_time_unix_nano"])


@pytest.mark.parametrize(
    ("attributes", "service"),
    [
        ({"service.name": "a"}, "a"),
        ({}, "unknown_service"),
        ({"service.name": ""}, "unknown_service"),
        ({"service.name": 5}, "unknown_service"),
    ],
)
def test_a_resource_is_named_after_its_service(attributes: dict[str, Any], service: str) -> None:
    """The service's name is a column of its own."""
    assert service == resource_row(attributes, dropped=0, schema_url="", entity_refs=[])[1]


def test_equal_resources_have_equal_ids_and_others_do_not() -> None:
    """The id of a resource or a scope is made from everything in it."""
    made = [
        resource_row({"a": 1}, dropped=0, schema_url="", entity_refs=[]),
        resource_row({"a": 1}, dropped=1, schema_url="", entity_refs=[]),
        resource_row({"a": 1}, dropped=0, schema_url="u", entity_refs=[]),
        resource_row({"a": 1.0}, dropped=0, schema_url="", entity_refs=[]),
        resource_row({"a": 1}, dropped=0, schema_url="", entity_refs=[{"type": "x"}]),
        scope_row("a", "", {}, dropped=0, schema_url=""),
        scope_row("", "a", {}, dropped=0, schema_url=""),
    ]

    assert made[0] == resource_row({"a": 1}, dropped=0, schema_url="", entity_refs=[])
    assert len(made) == len({row[0] for row in made})


@in_both
def test_row_58_no_resource_and_no_scope_are_no_obstacle(decoded: Read) -> None:
    """A span without any of them belongs to an unknown service."""
    request = build.traces(build.span(name=""))
    request.resource_spans[0].ClearField("resource")
    request.resource_spans[0].scope_spans[0].ClearField("scope")
    batch = decoded(Signal.TRACES, request)

    assert ["unknown_service"] == [row[1] for row in batch.resources.values()]
    assert ("", "") == (items(batch)[0]["name"], items(batch)[0]["scope_name"])


def test_notes_are_written_only_when_there_are_some() -> None:
    """An item kept as it came has no notes."""
    assert (None, '{"a":1}') == (repaired({}), repaired({"a": 1}))


def test_payloads_are_kept_while_there_is_room() -> None:
    """The first payload that does not fit ends the keeping; nothing is written after it."""
    budget, written = PayloadBudget(10), []

    def write(size: int) -> bytes:
        written.append(size)
        return b"x" * size

    kept = [budget.spend(partial(write, size)) for size in (4, 4, 4, 1)]

    assert [b"xxxx", b"xxxx", None, None] == kept
    assert [4, 4, 4] == written


def test_the_budget_grows_with_the_request() -> None:
    """A small request may keep 1 MiB of refused items, a large one four times its size."""
    assert (1 << 20, 4 << 20) == (PayloadBudget.of(10).left, PayloadBudget.of(1 << 20).left)


@pytest.mark.parametrize("decoded", [read, read_twin])
def test_a_large_resource_is_not_copied_for_every_refused_item(decoded: Read) -> None:
    """Many bad items under large resources keep payloads of at most four times the request."""
    request = build.traces()
    for number in range(20):
        one = build.traces(*(build.span(trace_id=b"x") for _ in range(40)), service=f"{number}" + "x" * 50_000)
        request.resource_spans.extend(one.resource_spans)
    batch = decoded(Signal.TRACES, request)

    assert 800 == batch.rejected
    assert sum(len(rejection.payload or b"") for rejection in batch.rejections) <= 4 * batch.body_bytes
    assert batch.rejections[0].payload is not None


def test_row_35_items_over_the_cap_are_too_large() -> None:
    """The cap itself passes, one more does not."""
    check_count(MAX_ITEMS)
    with pytest.raises(TooLarge, match=f"{MAX_ITEMS + 1} items, the limit is {MAX_ITEMS}"):
        check_count(MAX_ITEMS + 1)
