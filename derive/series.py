"""Write folded series as rows of `usage_series`, and read them."""

import orjson

from mapping.metrics import METRICS, Meter
from mapping.series import Kind, Series
from schema.derived import USAGE_SERIES, Row

Key = tuple[int, int]
"""A series and its start."""


def row_of(series: Series) -> Row:
    """Write a series."""
    meter = series.meter
    return (
        series.key,
        series.start,
        meter.session_id,
        meter.metric,
        meter.part,
        int(meter.is_sum),
        meter.scope,
        meter.emitter,
        meter.provider,
        meter.model,
        meter.agent_name,
        int(meter.by_resource),
        meter.workspace,
        meter.project_key,
        meter.user_id,
        meter.git_branch,
        str(series.kind),
        series.settled,
        orjson.dumps(series.recent).decode(),
        series.began,
        series.first,
        series.last,
        series.number,
    )


def series_of(row: Row) -> Series | None:
    """Read a series; None for one of a metric that is no longer known."""
    held = dict(zip(USAGE_SERIES.columns, row, strict=True))
    if held["metric"] not in METRICS:
        return None
    meter = Meter(
        held["metric"],
        held["part"],
        bool(held["is_sum"]),
        held["scope"],
        held["emitter"],
        held["session_id"],
        held["provider"],
        held["model"],
        held["agent_name"],
        bool(held["by_resource"]),
        held["workspace_path"],
        held["project_key"],
        held["user_id"],
        held["git_branch"],
    )
    return Series(
        meter,
        held["series"],
        held["start"],
        Kind(held["kind"]),
        held["settled"],
        [(time, value) for time, value in orjson.loads(held["recent"])],
        held["began"],
        held["first_time"],
        held["last_time"],
        held["after_id"],
    )
