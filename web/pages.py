"""List the pages: where each is, what makes it, and the parts of it that are asked for alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from web import (
    connect,
    cost,
    entries,
    experiments,
    health,
    jobs,
    now,
    search,
    session,
    sessions,
    span,
    sql,
    tools,
    trace,
    work,
)
from web.asking import Asked


@dataclass(frozen=True, slots=True)
class Page:
    """Say where a page is; `make` gives the dataclass that its template shows.

    `leads` names the traces that people go to from what is shown.
    """

    path: str
    template: str
    make: Callable[[Asked], Any]
    parts: Mapping[str, str] = field(default_factory=dict)
    leads: Callable[[Any], Sequence[str]] = lambda _shown: ()


PAGES: Final = (
    Page("/", "now.html", now.show, {"live": "now_live.html"}),
    Page("/sessions", "sessions.html", sessions.show),
    Page("/sessions/{session_id:.+}", "session.html", session.show, leads=session.leads),
    Page("/jobs", "jobs.html", jobs.show_list),
    Page("/jobs/{job_id:.+}", "job.html", jobs.show, leads=jobs.leads),
    Page("/entries/{entry_id:.+}", "entry.html", entries.show, {"said": "entry_said.html"}),
    Page("/traces/{trace_id}", "trace.html", trace.show, {"rows": "trace_rows.html"}),
    Page("/traces/{trace_id}/spans/{span_id}", "span.html", span.show, {"detail": "span_detail.html"}),
    Page("/tools", "tools.html", tools.show),
    Page("/tools/{tool:.+}", "tool.html", tools.show_one),
    Page("/cost", "cost.html", cost.show),
    Page("/health", "health.html", health.show),
    Page("/health/refused/{id}", "refused.html", health.show_refused),
    Page("/search", "search.html", search.show),
    Page("/experiments", "experiments.html", experiments.show_list),
    Page("/experiments/{key:.+}", "experiment.html", experiments.show),
    Page("/work", "work.html", work.show),
    Page("/work/plans/{key:.+}", "plan.html", work.show_plan),
    Page("/work/debugging/{key:.+}", "debugging.html", work.show_debugging),
    Page("/sql", "sql.html", sql.show),
    Page("/connect", "connect.html", connect.show),
)
