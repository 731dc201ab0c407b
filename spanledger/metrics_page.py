"""Describe every measurement that the daemon makes of itself, from where they are declared."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from core.counters import Counters
from core.meters import Meter

HEAD: Final = """\
# Measurements

`GET /metrics` has them in Prometheus' text format; it wants a token with the scope `read` where there are tokens.

```yaml
scrape_configs:
  - job_name: spanledger
    static_configs: [{ targets: ["127.0.0.1:4318"] }]
    authorization: { credentials_file: /etc/prometheus/spanledger.token } # when there are tokens
```

The same can be sent to another OTLP collector, by OpenTelemetry's names; nothing is sent unless an endpoint is set:

```toml
[telemetry]
endpoint = "http://collector.example.org:4318"
every = "60s"
```

One of the daemon's own listeners is refused as an endpoint.
Measurements that could not be sent are not sent later: the next ones follow, and counters go on from where they are.
The resource names the daemon: `service.name` is `spanledger`; `service.instance.id` stays while host and database do.
All settings are in the [reference](configuration.md#telemetry).

A [board and alert rules](deploy.md#watching-it) are made of these measurements.
Those with labels appear with the first thing that is counted.
"""


def metrics_page() -> str:
    """Write the page."""
    parts = groupby(Counters().meters.all.values(), attrgetter("part"))
    return "\n".join([HEAD, *(line for title, meters in parts for line in _section(title, meters))])


def _section(title: str, meters: Iterator[Meter]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| Prometheus | OpenTelemetry | kind | unit | labels | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for meter in meters:
        labels = ", ".join(f"`{label}`" for label in meter.labels) or "none"
        unit = f"`{meter.unit}`" if meter.unit else "none"
        yield f"| `{meter.text_name}` | `{meter.name}` | {meter.kind} | {unit} | {labels} | {meter.about} |"
    yield ""
