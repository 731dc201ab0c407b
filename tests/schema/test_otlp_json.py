"""OTLP/JSON requests as a whole: envelopes, null, wrong signals, payloads (otlp.md J04, J05, J13, J17)."""

import json
from typing import Any

import orjson
import pytest

from core.errors import Undecodable
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.by_hand import everything, read_spans, span, traces
from tests.support.otlp import item, read_json


def test_J04_a_request_all_in_snake_case_is_refused() -> None:
    """Nothing of it could be kept, and the answer says why."""
    with pytest.raises(Undecodable, match='it has no resourceSpans; "resource_spans" is not how OTLP/JSON spells it'):
        read_json(Signal.TRACES, {"resource_spans": []})


def _with_unknown(value: Any) -> Any:
    """Add a field of the future to every message."""
    if isinstance(value, list):
        return [_with_unknown(inner) for inner in value]
    if isinstance(value, dict):
        return {**{key: _with_unknown(inner) for key, inner in value.items()}, "x": {"y": [1, None]}}
    return value


@pytest.mark.parametrize("signal", Signal)
def test_J05_unknown_fields_are_ignored_on_every_level(signal: Signal) -> None:
    """A field of the future in every message changes no row and is no cause for a warning."""
    document = everything()[signal]
    plain, extended = read_json(signal, document), read_json(signal, _with_unknown(document))

    assert (plain.rows, plain.resources, plain.scopes) == (extended.rows, extended.resources, extended.scopes)
    assert [] == extended.warnings


NULLS: list[Any] = [
    {"resourceSpans": None},
    {"resourceSpans": [{"scopeSpans": None, "resource": None, "schemaUrl": None}]},
    {"resourceSpans": [{"scopeSpans": [{"spans": None, "scope": None}]}]},
    {"resourceSpans": [{"resource": {"attributes": None}, "scopeSpans": []}]},
]


@pytest.mark.parametrize("document", NULLS)
def test_J13_R03_null_for_a_field_is_absent(document: Any) -> None:
    """Null lists and messages are empty ones, without a warning."""
    batch = read_json(Signal.TRACES, document)

    assert (0, []) == (batch.received, batch.warnings)


@pytest.mark.parametrize(
    "document",
    [
        traces(None, span()),
        {"resourceSpans": [None, *traces(span())["resourceSpans"]]},
        {"resourceSpans": [{"scopeSpans": [None, {"spans": [span()]}]}]},
        traces(span(events=[None])),
        traces(span(links=[None])),
        traces(span(attributes=[None])),
        traces(span(attributes=[{"key": "a", "value": {"arrayValue": {"values": [None]}}}])),
        traces(span(attributes=[{"key": "a", "value": {"kvlistValue": {"values": [None]}}}])),
    ],
)
def test_J13_null_in_a_list_of_messages_is_skipped_with_a_warning(document: Any) -> None:
    """A null element costs nothing but a warning."""
    batch = read_json(Signal.TRACES, document)

    assert (1, 0) == (len(batch.rows), batch.rejected)
    assert ["null elements are skipped"] == [warning.partition(",")[0] for warning in batch.warnings]


def test_J17_a_schema_url_inside_the_resource_is_ignored() -> None:
    """What JavaScript's serialiser sends there is unknown; the outer one counts."""
    envelope = {"resource": {"schemaUrl": "inner"}, "schemaUrl": "outer", "scopeSpans": [{"spans": [span()]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert ("outer", []) == (item(batch)["resource_schema_url"], batch.warnings)


def test_empty_messages_as_php_writes_them_are_accepted() -> None:
    """An empty list in place of an object is an empty object."""
    envelope = {"resource": [], "scopeSpans": [{"scope": [], "spans": [span(status=[], attributes={}, events={})]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert (1, []) == (len(batch.rows), batch.warnings)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"resourceSpans": 5}, "resourceSpans is not a list"),
        ({"resourceSpans": ["x"]}, r"resourceSpans\[0\] is not an object"),
        ({"resourceSpans": [{"scopeSpans": "x"}]}, "scopeSpans is not a list"),
        ({"resourceSpans": [{"scopeSpans": [{"spans": "x"}]}]}, "spans is not a list"),
        ({"resourceSpans": [{"resource": {"attributes": 5}}]}, "attributes is not a list"),
    ],
)
def test_what_is_no_envelope_is_undecodable(document: Any, message: str) -> None:
    """Above the items nothing can be refused alone."""
    with pytest.raises(Undecodable, match=f"body is not a traces request: {message}"):
        read_json(Signal.TRACES, document)


def test_a_bad_count_above_the_items_costs_nothing() -> None:
    """A resource's dropped_attributes_count is not worth refusing what stands below it."""
    envelope = {"resource": {"droppedAttributesCount": 1.5}, "scopeSpans": [{"spans": [span()]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert 0 == item(batch)["resource_dropped_attributes_count"]
    assert ["resource: droppedAttributesCount is not an integer"] == batch.warnings


@pytest.mark.parametrize("odd", ["x", 5, [1], True])
def test_R06_an_item_that_is_no_object_is_refused_alone(odd: Any) -> None:
    """Whatever stands in the list of items costs itself only."""
    batch = read_spans(span(), odd, span())

    assert (2, ["not_an_object"]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])


@pytest.mark.parametrize(("sent", "to"), [(a, b) for a in Signal for b in Signal if a is not b])
def test_D12_row_5_another_signals_request_is_refused_with_the_right_path(sent: Signal, to: Signal) -> None:
    """A request posted to the wrong path is refused, and the answer names the right one."""
    with pytest.raises(Undecodable, match=f"looks like {sent}; send it to {WIRE[sent].path}"):
        read_json(to, {WIRE[sent].envelope_key: []})


def test_a_body_of_unknown_keys_alone_is_undecodable() -> None:
    """When nothing of a body is known to us, silence would hide the loss."""
    with pytest.raises(Undecodable, match="it has no resourceSpans"):
        read_json(Signal.TRACES, {"spans": [span()]})


@pytest.mark.parametrize("signal", Signal)
def test_row_4_protobuf_sent_as_json_is_named(signal: Signal) -> None:
    """The message names the content type that would fit."""
    with pytest.raises(Undecodable, match="it looks like protobuf: send it with Content-Type: application/x-protobuf"):
        read_json(signal, build.body(signal))


def test_the_payload_of_a_refused_item_holds_it_alone() -> None:
    """A rejection keeps resource, scope and the one item as they came, ready to be sent again."""
    envelope = {
        "resource": {"attributes": [{"key": "a", "value": {"stringValue": "b"}}]},
        "schemaUrl": "u",
        "scopeSpans": [{"scope": {"name": "s"}, "schemaUrl": "v", "spans": [span(), span(traceId="x", more=[1])]}],
    }
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})
    envelope["scopeSpans"][0]["spans"].pop(0)  # type: ignore[index]  # it is a list of objects

    assert {"resourceSpans": [envelope]} == orjson.loads(batch.rejections[0].payload or b"")


def test_an_item_too_deep_to_be_written_again_has_no_payload() -> None:
    """Keeping a refused item must not fail."""
    value: Any = []
    for _ in range(400):
        value = [value]
    body = json.dumps(traces(span(traceId="x", deep=value))).encode()

    assert [None] == [rejection.payload for rejection in read_json(Signal.TRACES, body).rejections]
