"""Values of every kind in every place, and values that are very long: rows 53 and 54."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar, Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schema.signals import Signal
from tests.support import build
from tests.support.neighbours import Way, exported, kept, mixed, repairs, send
from tests.support.otlp import twin
from tests.support.service import Running

MIB = 1 << 20
MAX_VALUE_BYTES = 16 * MIB
SCALARS = [
    AnyValue(),
    AnyValue(string_value=""),
    AnyValue(string_value="1"),
    AnyValue(int_value=0),
    AnyValue(int_value=1),
    AnyValue(double_value=0),
    AnyValue(double_value=1),
    AnyValue(bool_value=False),
    AnyValue(bool_value=True),
    AnyValue(bytes_value=b""),
    AnyValue(bytes_value=b"\x00\xff"),
]
PAIRS = [KeyValue(key=f"key {number}", value=value) for number, value in enumerate(SCALARS)]
LOOKALIKES = [KeyValueList(values=[KeyValue(key=key, value=AnyValue(string_value="NaN"))]) for key in
              ("bytesValue", "doubleValue", "kvlistValue", "stringValue")]  # fmt: skip
ARRAY = AnyValue(array_value=ArrayValue(values=[*SCALARS, AnyValue(array_value=ArrayValue(values=SCALARS))]))
VALUES = [
    *SCALARS,
    ARRAY,
    AnyValue(array_value=ArrayValue()),
    AnyValue(kvlist_value=KeyValueList()),
    AnyValue(kvlist_value=KeyValueList(values=[*PAIRS, KeyValue(key="array", value=ARRAY)])),
    *(AnyValue(kvlist_value=held) for held in LOOKALIKES),
]
ATTRIBUTES = [KeyValue(key=f"value {number}", value=value) for number, value in enumerate(VALUES)]


def rich_span() -> Span:
    """Build a span with every kind of value wherever it may have one."""
    event = Span.Event(time_unix_nano=1, name="event", attributes=ATTRIBUTES)
    link = Span.Link(trace_id=b"t" * 16, span_id=b"s" * 8, attributes=ATTRIBUTES)
    return build.span(attributes=ATTRIBUTES, events=[event], links=[link])


def rich_metric() -> Metric:
    """Build a metric with every kind of value wherever it may have one."""
    exemplar = Exemplar(time_unix_nano=1, as_int=1, filtered_attributes=ATTRIBUTES)
    metric = build.gauge(build.point(attributes=ATTRIBUTES, exemplars=[exemplar]))
    metric.metadata.extend(ATTRIBUTES)
    return metric


RICH: dict[Signal, Callable[[], Any]] = {
    Signal.TRACES: rich_span,
    Signal.LOGS: lambda: build.log(attributes=ATTRIBUTES),
    Signal.METRICS: rich_metric,
}


def long_text(size: int) -> str:
    """Write text of so many bytes, of characters that take three each; the limit falls inside one of them."""
    return "x" * (size % 3) + "語" * (size // 3)


def place(name: str, text: str) -> tuple[Signal, Any]:
    """Put a text into an item."""
    value = AnyValue(string_value=text)
    pair = KeyValue(key="long", value=value)
    inside = AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), value]))
    places: dict[str, Callable[[], tuple[Signal, Any]]] = {
        "attribute": lambda: (Signal.TRACES, build.span(attributes=[pair])),
        "event": lambda: (Signal.TRACES, build.span(events=[Span.Event(name="prompt", attributes=[pair])])),
        "link": lambda: (Signal.TRACES, build.span(links=[Span.Link(attributes=[pair])])),
        "array": lambda: (Signal.TRACES, build.span(attributes=[KeyValue(key="long", value=inside)])),
        "body": lambda: (Signal.LOGS, build.log(body=value)),
        "body array": lambda: (Signal.LOGS, build.log(body=inside)),
        "log attribute": lambda: (Signal.LOGS, build.log(attributes=[pair])),
    }
    return places[name]()


def sent_item(service: Running, way: Way, signal: Signal, item: Any) -> dict[str, Any]:
    """Send an item, or its JSON twin, among good ones, and give its row; all must be kept."""
    as_json = orjson.dumps(twin(item)).decode() if way is Way.JSON else ""
    return kept(send(service, way, signal, mixed(signal, way, item.SerializeToString(), as_json)))


def plainly(node: Any) -> Any:
    """Leave out lists of no values, which mean the same as none."""
    if isinstance(node, list):
        return [plainly(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    return {key: plainly(inner) for key, inner in node.items() if (key, inner) != ("values", [])}


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", Way)
def test_row_54_every_kind_of_value_comes_back(shared_service: Running, way: Way, signal: Signal) -> None:
    """Empty values, bytes, mixed arrays and kvlists may stand wherever a string may, and come back as they were."""
    item = RICH[signal]()
    row = sent_item(shared_service, way, signal, item)
    point = item.gauge.data_points[0] if signal is Signal.METRICS else item

    assert plainly(exported(shared_service, signal, row["id"])) == plainly(twin(point))
    assert row["repaired"] is None


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
@pytest.mark.parametrize("way", [Way.HTTP, Way.JSON])
def test_row_54_every_kind_of_body_comes_back(shared_service: Running, way: Way, value: AnyValue) -> None:
    """So may the body of a log record, and an empty one is not a missing one."""
    item = build.log(body=value)
    row = sent_item(shared_service, way, Signal.LOGS, item)

    assert plainly(exported(shared_service, Signal.LOGS, row["id"])) == plainly(twin(item))


@pytest.mark.parametrize(
    ("way", "size"),
    [
        (Way.GRPC, MIB),
        (Way.HTTP, MAX_VALUE_BYTES - 1),
        (Way.HTTP, MAX_VALUE_BYTES),
        (Way.JSON, MAX_VALUE_BYTES),
    ],
)
def test_row_53_a_long_value_is_kept_whole(service: Running, way: Way, size: int) -> None:
    """Up to 16 MiB a text is kept to the last byte."""
    text = long_text(size)
    row = sent_item(service, way, Signal.TRACES, place("attribute", text)[1])
    whole = orjson.loads(row["attributes"]) == {"long": text}

    assert (whole, row["repaired"]) == (True, None)


@pytest.mark.parametrize(("way", "name"), [(Way.GRPC, "attribute"), (Way.JSON, "attribute"), (Way.HTTP, "body")])
def test_row_53_a_longer_value_is_cut_between_characters(service: Running, way: Way, name: str) -> None:
    """What is over 16 MiB is cut, and the item says how long it was and what its hash."""
    text = long_text(MAX_VALUE_BYTES + 1)
    signal, item = place(name, text)
    row = sent_item(service, way, signal, item)
    found = row["body"] if name == "body" else orjson.loads(row["attributes"])["long"]
    begins, size = text.startswith(found), len(found.encode())

    assert begins
    assert MAX_VALUE_BYTES - 3 < size <= MAX_VALUE_BYTES
    (told,) = repairs(row)["cut"].values()
    assert told == {"bytes": len(text.encode()), "sha256": sha256(text.encode()).hexdigest()}


@pytest.mark.parametrize("name", ["event", "link", "array", "body array", "log attribute"])
def test_row_53_a_longer_value_is_cut_wherever_it_stands(service: Running, name: str) -> None:
    """The limit is for a value, not for the place where it stands: prompts are found in events and arrays too."""
    text = long_text(20 * MIB)
    signal, item = place(name, text)
    row = sent_item(service, Way.HTTP, signal, item)
    column = {"event": "events", "link": "links", "body array": "body"}.get(name, "attributes")
    size = len(row[column].encode())

    assert size < MAX_VALUE_BYTES + 1000
    (told,) = repairs(row)["cut"].values()
    assert told == {"bytes": 20 * MIB, "sha256": sha256(text.encode()).hexdigest()}
