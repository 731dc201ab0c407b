"""Declare measurements by OpenTelemetry's names; those of Prometheus follow from them.

Dots become underscores, the unit's name comes behind, `_total` behind what only grows
(OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter, which nobody reads

UNIT_NAMES: Final = {"By": "bytes", "s": "seconds"}
"""Units that are part of a name; annotations such as "{item}" are not."""
SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(frozen=True, slots=True)
class Meter:
    """Describe one measurement; `unit` is UCUM's."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    part: str = ""
    """What it is listed under."""

    @property
    def family(self) -> str:
        """Give the name that Prometheus knows its samples by, without their endings."""
        unit = UNIT_NAMES.get(self.unit)
        return "_".join((*self.name.split("."), *([unit] if unit else [])))

    @property
    def text_name(self) -> str:
        """Give the name in Prometheus' text."""
        return f"{self.family}_total" if self.kind == "counter" else self.family


class Tally:
    """Tell where a counter stands that is counted elsewhere."""

    def __init__(self, meter: Meter, registry: CollectorRegistry) -> None:
        """Have the registry ask."""
        self._meter = meter
        self._values: dict[tuple[str, ...], float] = {} if meter.labels else {(): 0.0}
        registry.register(self)

    def set(self, value: float, *labels: str) -> None:
        """Say where it stands."""
        self._values[labels] = float(value)

    def describe(self) -> Iterator[Metric]:
        """Name it for the registry, which refuses a second of the same name."""
        yield self._family(())

    def collect(self) -> Iterator[Metric]:
        """Give the samples."""
        yield self._family(tuple(self._values.items()))

    def _family(self, samples: Iterable[tuple[Sequence[str], float]]) -> Metric:
        family = CounterMetricFamily(self._meter.family, self._meter.about, labels=self._meter.labels)
        for labels, value in samples:
            family.add_metric(labels, value)
        return family


class Meters:
    """Make and list them; each daemon has its own."""

    def __init__(self) -> None:
        """Hold none."""
        self.registry = CollectorRegistry()
        self.part = ""
        """What the next ones are listed under."""
        self.all: dict[str, Meter] = {}
        """By the name that Prometheus knows its samples by."""

    def counter(self, name: str, about: str, labels: tuple[str, ...] = (), unit: str = "") -> Counter:
        """Count up where it happens."""
        meter = self._note(Meter(name, "counter", about, labels, unit, self.part))
        return Counter(meter.family, about, labels, registry=self.registry)

    def tally(self, name: str, about: str, labels: tuple[str, ...] = (), unit: str = "") -> Tally:
        """Tell of a counter that is counted elsewhere."""
        return Tally(self._note(Meter(name, "counter", about, labels, unit, self.part)), self.registry)

    def gauge(self, name: str, about: str, labels: tuple[str, ...] = (), unit: str = "") -> Gauge:
        """Measure what goes up and down."""
        meter = self._note(Meter(name, "gauge", about, labels, unit, self.part))
        return Gauge(meter.family, about, labels, registry=self.registry)

    def histogram(self, name: str, about: str, labels: tuple[str, ...] = ()) -> Histogram:
        """Measure how long something takes, in seconds."""
        meter = self._note(Meter(name, "histogram", about, labels, "s", self.part))
        return Histogram(meter.family, about, labels, buckets=SECONDS, registry=self.registry)

    def _note(self, meter: Meter) -> Meter:
        self.all[meter.family] = meter
        return meter
