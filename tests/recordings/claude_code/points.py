"""Count the story in metrics: delta sums, as Claude Code sends them."""

from dataclasses import replace
from typing import Any, Final

from opentelemetry.metrics import Counter
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics import Counter as SdkCounter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
    Metric,
    MetricsData,
    Sum,
)
from opentelemetry.sdk.resources import Resource

from tests.recordings.claude_code.story import MS, SCENARIO, Process, Request, Use, all_requests

SCOPE: Final = "com.anthropic.claude_code"
TYPES: Final = {"input": "input", "output": "output", "cache_read": "cacheRead", "cache_creation": "cacheCreation"}
EDITS: Final = ("Edit", "Write", "NotebookEdit")


class Points:
    """Count one process."""

    def __init__(self, process: Process) -> None:
        """Count everything."""
        self._process = process
        self._standard = {**SCENARIO["standard"], "session.id": process.session}
        self._reader = InMemoryMetricReader({SdkCounter: AggregationTemporality.DELTA})
        self._meter = MeterProvider(
            [self._reader],
            resource=Resource(SCENARIO["resource"]),
            exemplar_filter=AlwaysOffExemplarFilter(),
            shutdown_on_exit=False,
        ).get_meter(SCOPE, SCENARIO["resource"]["service.version"])
        self._counters: dict[str, Counter] = {}
        self._add("session.count", "", 1, start_type=process.start)
        for request in all_requests([step for turn in process.turns for step in turn.steps]):
            self._request(request)
            for use in request.uses:
                self._use(use)
        working = sum(turn.ended - turn.began for turn in process.turns)
        self._add("active_time.total", "s", working / MS / 1000, type="cli")

    def data(self, *, until: int) -> MetricsData:
        """Give the points, with the process's begin and this end as their times."""
        found = self._reader.get_metrics_data()
        assert found is not None
        (resource,) = found.resource_metrics
        (scope,) = resource.scope_metrics
        metrics = [self._timed(metric, until) for metric in scope.metrics]
        return MetricsData([replace(resource, scope_metrics=[replace(scope, metrics=metrics)])])

    def _timed(self, metric: Metric, until: int) -> Metric:
        assert isinstance(metric.data, Sum)
        began = self._process.began
        points = [replace(point, start_time_unix_nano=began, time_unix_nano=until) for point in metric.data.data_points]
        return replace(metric, data=replace(metric.data, data_points=points))

    def _add(self, name: str, unit: str, count: float, **attributes: Any) -> None:
        if name not in self._counters:
            self._counters[name] = self._meter.create_counter(f"claude_code.{name}", unit)
        self._counters[name].add(count, {**self._standard, **attributes})

    def _request(self, request: Request) -> None:
        if not request.ok:
            return
        alone = "main" if request.source == "repl_main_thread" else "auxiliary"
        about = {"model": request.model, "query_source": "subagent" if request.agent else alone, "effort": "high"}
        named = {"agent.name": request.agent.type} if request.agent else {}
        skill = {"skill.name": request.told["skill"]} if "skill" in request.told else {}
        for part, kind in TYPES.items():
            self._add("token.usage", "tokens", getattr(request.usage, part), type=kind, **about, **named, **skill)
        self._add("cost.usage", "USD", request.usage.micros / 1e6, **about, **named, **skill)

    def _use(self, use: Use) -> None:
        if use.name in EDITS:
            decision = {"tool_name": use.name, "decision": "accept", "source": use.told.get("source", "config")}
            self._add("code_edit_tool.decision", "", 1, language="unknown", **decision)
        for kind, count in zip(("added", "removed"), use.told.get("lines", ()), strict=False):
            self._add("lines_of_code.count", "", count, type=kind, model=SCENARIO["models"]["main"])
