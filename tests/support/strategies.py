"""Draw OTLP requests of every shape: all kinds of values and metrics, optional fields, odd ids, odd text."""

from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    EntityRef,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1 import metrics_pb2 as m
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from schema.signals import WIRE, Signal

uint32 = st.integers(0, 2**32 - 1) | st.sampled_from((0, 2**32 - 1))
uint64 = st.integers(0, 2**64 - 1) | st.sampled_from((0, 2**63 - 1, 2**63, 2**64 - 1))
int64 = st.integers(-(2**63), 2**63 - 1) | st.sampled_from((-(2**63), 2**63 - 1, 2**53 + 1))
doubles = st.floats() | st.sampled_from((0.0, -0.0, 1.0, 1e21))
words = st.text(max_size=12) | st.sampled_from(("", "a\0b", "\U0001f680", "service.name", "event.name", "\u202e"))
keys = words | st.sampled_from(("bytesValue", "doubleValue", "kvlistValue", "__proto__", 'a."b'))


def ids(size: int) -> st.SearchStrategy[bytes]:
    """Give ids, good ones mostly."""
    good = st.binary(min_size=size, max_size=size)
    return st.one_of(good, good, good, st.binary(max_size=2 * size), st.just(bytes(size)))


scalars = st.one_of(
    st.just(AnyValue()),
    words.map(lambda value: AnyValue(string_value=value)),
    st.booleans().map(lambda value: AnyValue(bool_value=value)),
    int64.map(lambda value: AnyValue(int_value=value)),
    doubles.map(lambda value: AnyValue(double_value=value)),
    st.binary(max_size=9).map(lambda value: AnyValue(bytes_value=value)),
    st.integers(0, 9).map(lambda value: AnyValue(string_value_strindex=value)),
)


def _nested(values: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[AnyValue]:
    pairs = st.lists(st.builds(KeyValue, key=keys, value=values), max_size=3)
    return st.one_of(
        st.lists(values, max_size=3).map(lambda held: AnyValue(array_value=ArrayValue(values=held))),
        pairs.map(lambda held: AnyValue(kvlist_value=KeyValueList(values=held))),
    )


any_values = st.recursive(scalars, _nested, max_leaves=6)
pairs = st.builds(KeyValue, key=keys, value=st.none() | any_values, key_strindex=st.sampled_from((0, 0, 0, 7)))
attribute_lists = st.lists(pairs, max_size=4)
few_attributes = st.lists(pairs, max_size=2)

events = st.builds(
    Span.Event, time_unix_nano=uint64, name=words, attributes=few_attributes, dropped_attributes_count=uint32
)
links = st.builds(
    Span.Link,
    trace_id=ids(16),
    span_id=ids(8),
    trace_state=words,
    attributes=few_attributes,
    dropped_attributes_count=uint32,
    flags=uint32,
)
spans = st.builds(
    Span,
    trace_id=ids(16),
    span_id=ids(8),
    parent_span_id=ids(8) | st.just(b""),
    trace_state=words,
    flags=uint32,
    name=words,
    kind=st.sampled_from((0, 1, 3, 99, -1)),
    start_time_unix_nano=uint64,
    end_time_unix_nano=uint64,
    attributes=attribute_lists,
    dropped_attributes_count=uint32,
    events=st.lists(events, max_size=2),
    dropped_events_count=uint32,
    links=st.lists(links, max_size=2),
    dropped_links_count=uint32,
    status=st.none() | st.builds(Status, code=st.sampled_from((0, 1, 2, 77)), message=words),
)
logs = st.builds(
    LogRecord,
    time_unix_nano=uint64,
    observed_time_unix_nano=uint64,
    event_name=words,
    severity_number=st.sampled_from((0, 9, 24, 1000)),
    severity_text=words,
    body=st.none() | any_values,
    attributes=attribute_lists,
    dropped_attributes_count=uint32,
    trace_id=ids(16),
    span_id=ids(8),
    flags=uint32,
)
exemplars = st.builds(
    m.Exemplar,
    time_unix_nano=uint64,
    as_double=doubles,
    span_id=ids(8),
    trace_id=ids(16),
    filtered_attributes=few_attributes,
) | st.builds(m.Exemplar, as_int=int64)
point_fields: dict[str, st.SearchStrategy[Any]] = {
    "attributes": few_attributes,
    "start_time_unix_nano": uint64,
    "time_unix_nano": uint64,
    "exemplars": st.lists(exemplars, max_size=1),
    "flags": st.sampled_from((0, 1, 2**32 - 1)),
}
maybe_doubles = st.none() | doubles
numbers = st.one_of(
    st.builds(m.NumberDataPoint, **point_fields),
    st.builds(m.NumberDataPoint, as_int=int64, **point_fields),
    st.builds(m.NumberDataPoint, as_double=doubles, **point_fields),
)
shapes = st.sampled_from(
    (([], []), ([1], []), ([1, 2**64 - 1], [0.5]), ([0, 1, 2], [-1.0, float("inf")]), ([1], [1.0]))
)
histograms = st.builds(
    lambda shape, **fields: m.HistogramDataPoint(bucket_counts=shape[0], explicit_bounds=shape[1], **fields),
    shapes,
    count=uint64,
    sum=maybe_doubles,
    min=maybe_doubles,
    max=maybe_doubles,
    **point_fields,
)
buckets = st.builds(
    m.ExponentialHistogramDataPoint.Buckets,
    offset=st.integers(-(2**31), 2**31 - 1),
    bucket_counts=st.lists(uint64, max_size=3),
)
exponentials = st.builds(
    m.ExponentialHistogramDataPoint,
    count=uint64,
    sum=maybe_doubles,
    min=maybe_doubles,
    max=maybe_doubles,
    scale=st.integers(-(2**31), 2**31 - 1),
    zero_count=uint64,
    zero_threshold=doubles,
    positive=st.none() | buckets,
    negative=st.none() | buckets,
    **point_fields,
)
quantiles = st.builds(m.SummaryDataPoint.ValueAtQuantile, quantile=doubles, value=doubles)
summaries = st.builds(
    m.SummaryDataPoint,
    count=uint64,
    sum=doubles,
    quantile_values=st.lists(quantiles, max_size=2),
    **{name: strategy for name, strategy in point_fields.items() if name != "exemplars"},
)
temporality = st.sampled_from((0, 1, 2))


def _lists(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=2)


data: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"gauge": st.builds(m.Gauge, data_points=_lists(numbers))}),
    st.fixed_dictionaries(
        {
            "sum": st.builds(
                m.Sum, data_points=_lists(numbers), aggregation_temporality=temporality, is_monotonic=st.booleans()
            )
        }
    ),
    st.fixed_dictionaries(
        {"histogram": st.builds(m.Histogram, data_points=_lists(histograms), aggregation_temporality=temporality)}
    ),
    st.fixed_dictionaries(
        {
            "exponential_histogram": st.builds(
                m.ExponentialHistogram, data_points=_lists(exponentials), aggregation_temporality=temporality
            )
        }
    ),
    st.fixed_dictionaries({"summary": st.builds(m.Summary, data_points=_lists(summaries))}),
)
metrics = st.builds(
    lambda data, **fields: m.Metric(**data, **fields),
    data,
    name=words,
    description=words,
    unit=words,
    metadata=few_attributes,
)

entity_refs = st.builds(
    EntityRef, schema_url=words, type=words, id_keys=st.lists(words, max_size=2), description_keys=st.just([])
)
resources = st.none() | st.builds(
    Resource,
    attributes=attribute_lists,
    dropped_attributes_count=uint32,
    entity_refs=st.lists(entity_refs, max_size=1),
)
scopes = st.none() | st.builds(
    InstrumentationScope, name=words, version=words, attributes=few_attributes, dropped_attributes_count=uint32
)


def _request(signal: Signal) -> st.SearchStrategy[Any]:
    scoped_type, envelope_type, item_field, strategy = _KINDS[signal]
    held: dict[str, Any] = {item_field: st.lists(strategy, max_size=3)}
    scoped = st.builds(scoped_type, scope=scopes, schema_url=words, **held)
    inside: dict[str, Any] = {_SCOPED[signal]: st.lists(scoped, max_size=2)}
    envelopes = st.builds(envelope_type, resource=resources, schema_url=words, **inside)
    outside: dict[str, Any] = {_ENVELOPES[signal]: st.lists(envelopes, min_size=1, max_size=2)}
    return st.builds(WIRE[signal].request, **outside)


_KINDS: dict[Signal, tuple[Any, Any, str, st.SearchStrategy[Any]]] = {
    Signal.TRACES: (ScopeSpans, ResourceSpans, "spans", spans),
    Signal.LOGS: (ScopeLogs, ResourceLogs, "log_records", logs),
    Signal.METRICS: (m.ScopeMetrics, m.ResourceMetrics, "metrics", metrics),
}
_SCOPED = {Signal.TRACES: "scope_spans", Signal.LOGS: "scope_logs", Signal.METRICS: "scope_metrics"}
_ENVELOPES = {Signal.TRACES: "resource_spans", Signal.LOGS: "resource_logs", Signal.METRICS: "resource_metrics"}

requests = {signal: _request(signal) for signal in Signal}
