"""The load is agent-shaped, the same for the same seed, and never repeats an id."""

import json
from collections import Counter

import pytest

from benchmarks.load import Load
from benchmarks.traffic import Shape
from schema.decode import decode
from schema.rows import SPAN_COLUMNS, Batch
from schema.signals import Signal

REQUESTS = (0, 1, 31, 32, 64)
"""Among them some that are made from one template."""


@pytest.fixture(scope="module")
def protobuf() -> Load:
    """Give the usual load in protobuf."""
    return Load("protobuf")


@pytest.fixture(scope="module")
def json_twin() -> Load:
    """Give the usual load in JSON."""
    return Load("json")


def batch(load: Load, number: int, encoding: str = "protobuf") -> Batch:
    """Decode a request."""
    return decode(Signal.TRACES, encoding, load.request(number), transport="test", received_at=1)


def column(decoded: Batch, name: str) -> list[object]:
    """Give one column of a batch."""
    place = SPAN_COLUMNS.index(name)
    return [row[place] for row in decoded.rows]


@pytest.mark.parametrize("number", REQUESTS)
def test_a_request_is_512_spans_that_need_no_mending(protobuf: Load, number: int) -> None:
    """A request decodes to 512 rows; nothing is refused, repaired or warned of."""
    decoded = batch(protobuf, number)

    assert len(decoded.rows) == 512
    assert (decoded.rejections, decoded.warnings) == ([], [])
    assert set(column(decoded, "repaired")) == {None}


def test_protobuf_and_json_say_the_same(protobuf: Load, json_twin: Load) -> None:
    """The twins of a request give identical rows, resources and scopes."""
    for number in REQUESTS:
        expected = batch(protobuf, number)
        found = batch(json_twin, number, "json")

        assert expected.rows == found.rows
        assert expected.resources == found.resources
        assert expected.scopes == found.scopes


def test_no_id_comes_twice(protobuf: Load) -> None:
    """No two spans share an id and no two requests share a trace, whether or not they share a template."""
    decoded = [batch(protobuf, number) for number in range(70)]
    spans = [span for one in decoded for span in column(one, "span_id")]
    traces = [trace for one in decoded for trace in set(column(one, "trace_id"))]

    assert len(spans) == len(set(spans)) == 70 * 512
    assert len(traces) == len(set(traces)) == 70 * 32


def test_a_trace_is_a_tree_of_sixteen_spans(protobuf: Load) -> None:
    """Each trace has one root, and every other span's parent is in the same trace."""
    decoded = batch(protobuf, 5)
    places = [SPAN_COLUMNS.index(name) for name in ("trace_id", "span_id", "parent_span_id")]
    rows = [[row[place] for place in places] for row in decoded.rows]
    owner = {span: trace for trace, span, _ in rows}
    sizes = Counter(trace for trace, _, _ in rows)
    roots = Counter(trace for trace, _, parent in rows if parent is None)

    assert set(sizes.values()) == {16}
    assert set(roots.values()) == {1}
    assert len(roots) == 32
    assert all(owner[parent] == trace for trace, _, parent in rows if parent is not None)


def test_spans_are_as_large_as_promised(protobuf: Load) -> None:
    """A span has about 1.2 kB and eleven attributes."""
    sizes = [len(protobuf.request(number)) / 512 for number in range(32)]
    attributes = [len(json.loads(str(text))) for text in column(batch(protobuf, 0), "attributes")]

    assert 1100 <= sum(sizes) / 32 <= 1300
    assert 10 <= sum(attributes) / 512 <= 12


def test_texts_differ_from_request_to_request(protobuf: Load) -> None:
    """Requests of different templates share no attributes, and those of one template differ by their ids."""
    first, second, again = (set(column(batch(protobuf, number), "attributes")) for number in (0, 1, 32))

    assert not first & second
    assert not first & again


def test_times_advance(protobuf: Load) -> None:
    """A later request's spans begin later, and none ends before it begins."""
    begins, ends = (column(batch(protobuf, 3), f"{edge}_time_unix_nano") for edge in ("start", "end"))
    later = column(batch(protobuf, 35), "start_time_unix_nano")

    assert all(int(str(begin)) < int(str(end)) for begin, end in zip(begins, ends, strict=True))
    assert max(map(int, map(str, begins))) < min(map(int, map(str, later)))


def test_the_same_seed_gives_the_same_bytes(protobuf: Load) -> None:
    """A request depends on seed and number alone."""
    assert Load("protobuf").request(7) == protobuf.request(7)
    assert Load("protobuf", seed=2).request(7) != protobuf.request(7)


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_a_request_may_be_one_span(encoding: str) -> None:
    """The smallest shape is one root span of about the usual size."""
    load = Load(encoding, shape=Shape(1, 1))
    decoded = batch(load, 9, encoding)

    assert column(decoded, "parent_span_id") == [None]
    assert 900 <= len(load.request(9)) <= 3000
