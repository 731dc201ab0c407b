"""Make metric points without records."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mapping.metrics import Meter
from mapping.series import Kind, Series
from schema.decode import decode
from schema.rows import Batch
from schema.signals import Signal
from tests.support.otlp import RECEIVED_AT

SECOND = 1_000_000_000


def meter(part: str = "input", **told: Any) -> Meter:
    """Say what a series counts: tokens of session `s`, unless told otherwise."""
    plain: dict[str, Any] = {"metric": "gen_ai.client.token.usage", "part": part, "is_sum": False, "scope": "a"}
    plain |= {"emitter": "otel_genai", "session_id": "s", "provider": "openai", "model": "m", "agent_name": None}
    return Meter(**(plain | told))


def series(total: int, about: Meter | None = None, *, key: int = 1, first: int = 0) -> Series:
    """Make a folded series."""
    made = Series(about or meter(), key, 0, Kind.DELTA)
    made.take(1, first, first, total)
    return made


def usage(
    values: Iterable[tuple[str, int, int, float]],
    about: Mapping[str, str] | None = None,
    *,
    name: str = "gen_ai.client.token.usage",
    temporality: int = 1,
    resource: Mapping[str, str] | None = None,
) -> Batch:
    """Make a request of a sum; `values` are kinds of token, starts and times in nanoseconds, and values."""
    points = [
        {
            "startTimeUnixNano": str(start),
            "timeUnixNano": str(time),
            "asDouble": value,
            "attributes": _attributes({"gen_ai.token.type": kind, **(about or {})}),
        }
        for kind, start, time, value in values
    ]
    metric = {
        "name": name,
        "sum": {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": points},
    }
    body = {
        "resourceMetrics": [
            {
                "resource": {"attributes": _attributes(resource or {})},
                "scopeMetrics": [{"scope": {"name": "a"}, "metrics": [metric]}],
            }
        ]
    }
    return decode(Signal.METRICS, "json", json.dumps(body).encode(), transport="http", received_at=RECEIVED_AT)


def in_session(batch: Batch, session_id: str) -> Batch:
    """Have the resources of a request name a session, as an operator may by `OTEL_RESOURCE_ATTRIBUTES`."""
    named = {
        key: (*row[:2], json.dumps(json.loads(row[2]) | {"session.id": session_id}), *row[3:])
        for key, row in batch.resources.items()
    }
    return replace(batch, resources=named)


def _attributes(told: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]
