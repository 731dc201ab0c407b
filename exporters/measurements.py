"""Write the daemon's own measurements as an OTLP request, with the OpenTelemetry SDK's model and encoder.

What is counted is what `/metrics` shows: the registry is read, nothing is counted twice.
The SDK is loaded with this module, by the first daemon that is told to send its measurements somewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from core.counters import Counters
from core.meters import Meter

SCOPE: Final = "spanledger"
CUMULATIVE: Final = AggregationTemporality.CUMULATIVE


class Measurements:
    """Write requests for one daemon, which is described by attributes of the resource."""

    def __init__(self, counters: Counters, resource: Mapping[str, str], *, began: int) -> None:
        """Count from `began` on, in Unix nanoseconds."""
        self._counters, self._began = counters, began
        self._resource = Resource(resource)
        self._scope = InstrumentationScope(SCOPE, resource.get("service.version", ""))

    def request(self, now: int) -> bytes:
        """Write what is measured now, in Unix nanoseconds."""
        meters = self._counters.meters.all
        metrics = [
            made
            for family in self._counters.registry.collect()
            if (made := self._metric(meters[family.name], family, now)) is not None
        ]
        scopes = [ScopeMetrics(self._scope, metrics, schema_url="")]
        data = MetricsData([ResourceMetrics(self._resource, scopes, schema_url="")])
        return encode_metrics(data).SerializeToString()

    def _metric(self, meter: Meter, family: Family, now: int) -> Metric | None:
        """Write one measurement; none when nothing was measured yet."""
        if not family.samples:
            return None
        return Metric(meter.name, meter.about, meter.unit, self._data(meter, family.samples, now))

    def _data(self, meter: Meter, samples: Iterable[Sample], now: int) -> Sum | Gauge | Histogram:
        if meter.kind == "histogram":
            return Histogram(list(self._distributions(samples, now)), CUMULATIVE)
        points = [NumberDataPoint(dict(one.labels), self._began, now, one.value) for one in samples]
        return Gauge(points) if meter.kind == "gauge" else Sum(points, CUMULATIVE, is_monotonic=True)

    def _distributions(self, samples: Iterable[Sample], now: int) -> Iterator[HistogramDataPoint]:
        """Put a histogram's samples together again: its buckets count what is less, OTLP's what is between."""
        found: dict[tuple[tuple[str, str], ...], list[Sample]] = defaultdict(list)
        for one in samples:
            found[tuple(sorted((name, value) for name, value in one.labels.items() if name != "le"))].append(one)
        for labels, parts in found.items():
            buckets = [(float(one.labels["le"]), int(one.value)) for one in parts if "le" in one.labels]
            total = next(one.value for one in parts if one.name.endswith("_sum"))
            yield HistogramDataPoint(
                dict(labels),
                self._began,
                now,
                count=buckets[-1][1],
                sum=total,
                bucket_counts=_between([count for _, count in buckets]),
                explicit_bounds=[bound for bound, _ in buckets[:-1]],
                min=None,  # type: ignore[arg-type]  # OTLP leaves out what is not measured; the model has no word for it
                max=None,  # type: ignore[arg-type]  # the same
            )


def _between(less: list[int]) -> list[int]:
    return [count - before for before, count in zip([0, *less], less, strict=False)]
