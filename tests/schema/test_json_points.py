"""Metrics in OTLP/JSON: what protobuf cannot say."""

from typing import Any

import orjson
import pytest

from schema.signals import Signal
from tests.support.by_hand import gauge
from tests.support.otlp import item, read_json


def test_J09_a_points_large_integral_number_is_a_double() -> None:
    """The same holds for the value of a point."""
    found = item(read_json(Signal.METRICS, gauge({"timeUnixNano": 1, "asInt": 1e21})))

    assert (1e21, '{"misfit":["asInt"]}') == (found["value"], found["repaired"])


@pytest.mark.parametrize("metric", ["x", {"name": "m", "gauge": {"dataPoints": "x"}}])
def test_a_metric_that_cannot_be_read_is_refused_as_one_item(metric: Any) -> None:
    """When its points cannot be counted, a metric counts as one, and the others are kept."""
    good = gauge({"timeUnixNano": 1, "asInt": 1})["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]
    batch = read_json(Signal.METRICS, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [good, metric]}]}]})

    assert (1, 1) == (len(batch.rows), batch.rejected)
    assert "resourceMetrics[0].scopeMetrics[0].metrics[1]" == batch.rejections[0].position


def test_R08_a_points_place_is_told() -> None:
    """A refused point is found by envelope, scope, metric and index."""
    batch = read_json(Signal.METRICS, gauge({"timeUnixNano": 1, "asInt": 1}, {"asInt": 1}))

    assert "resourceMetrics[0].scopeMetrics[0].metrics[0].dataPoints[1]: time_unix_nano is 0" == batch.message


@pytest.mark.parametrize("key", ["gauge", "sum", "histogram", "exponentialHistogram", "summary"])
def test_M01_data_that_is_empty_or_null_has_no_points(key: str) -> None:
    """Null is absent, an empty object has no points."""
    for data in (None, {}, {"dataPoints": None}):
        metric = {"name": "m", key: data}

        assert 0 == read_json(Signal.METRICS, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).received


def test_M05_null_is_absent_for_optional_fields() -> None:
    """A sum of null is no sum."""
    document = gauge()
    point = {"timeUnixNano": 1, "count": 1, "sum": None, "min": "NaN", "max": 5}
    document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"] = [{"name": "h", "histogram": {"dataPoints": [point]}}]
    found = item(read_json(Signal.METRICS, document))

    assert {"count": 1, "min": {"doubleValue": "NaN"}, "max": 5.0} == orjson.loads(found["data"])


def test_the_payload_of_a_refused_point_holds_it_alone() -> None:
    """The metric around a refused point keeps everything but the other points."""
    batch = read_json(Signal.METRICS, gauge({"timeUnixNano": 1, "asInt": 1}, {"asInt": 77}))

    assert gauge({"asInt": 77}) == orjson.loads(batch.rejections[0].payload or b"")
