"""List the questions that may be asked over HTTP: where, what each takes, and what it answers."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from api import book, joins, lists, outline, reading, searching, series, stored, tool_sums, traces
from api.asking import Question
from api.joining import joined
from api.joins import JOINS, Join
from api.listings import LISTINGS, TRUTH, WHOLES, WITHIN, Listing, Whole
from api.lists import SPAN_KINDS, STATUS_CODES
from api.parameters import LIMIT, PAGE, SPAN, Parameter, number, one_of, text, time, truth, whole
from search.shapes import ORDERS

Takes = Mapping[str, Parameter]

SESSION: Final = text("Only this session's.")
JOB: Final = text("Only this job's.")
TRACE: Final = text("Only this OpenTelemetry trace's.")
AGENT: Final = text("Only this agent's.")
SERVICE: Final = text("Only what this program sent (service.name).")
NAME: Final = text("Only with this name.")
FILE: Final = text("Only about this file: a path, or its last or middle parts.")
ERROR: Final = text("Only those whose error holds this text.")
OK: Final = one_of("Only with this status.", ("ok", "error"))
CODE: Final = one_of("Only with this status.", tuple(STATUS_CODES))
MIN_MS: Final = number("Only what took at least so many milliseconds.")
COST: Final[Takes] = {
    "min_cost": number("Only what cost at least so many dollars."),
    "max_cost": number("Only what cost at most so many dollars."),
}
PLACED: Final[Takes] = {"session": SESSION, "job": JOB, "trace": TRACE}
JOBS: Final[Takes] = {
    "status": text("Only with this status: running, completed, failed, cancelled, or what a program told."),
    "model": text("Only with this model."),
    "agent": AGENT,
    "session": SESSION,
    "tool": text("Only those that called this tool."),
    "file": text("Only those that changed this file: a path, or its last or middle parts."),
    "error": ERROR,
    **COST,
    **SPAN,
    **PAGE,
}
ENTRIES: Final[Takes] = {
    "session": SESSION,
    "type": text("Only of this type, such as model_called."),
    "kind": text("Only of this kind, such as llm or tool."),
    "status": text("Only with this status."),
    "text": text("Only those that hold this text: a page may have few of them, or none, and still name a next one."),
    "min_ms": MIN_MS,
    "max_ms": number("Only what took at most so many milliseconds."),
    **SPAN,
    **PAGE,
}
SESSIONS: Final[Takes] = {
    "agent": AGENT,
    "status": one_of("Only those that go on, or are over.", ("active", "ended")),
    "exit_reason": text("Only those that ended for this reason."),
    "project": text("Only of this project."),
    "user": text("Only of this user."),
    "model": text("Only those that called this model."),
    **COST,
    **SPAN,
    **PAGE,
}
TRACES: Final[Takes] = {
    "service": SERVICE,
    "name": text("Only those whose root has this name."),
    "session": SESSION,
    "status": CODE,
    "min_ms": MIN_MS,
    **SPAN,
    **PAGE,
}
PARTS: Final[Takes] = {
    "parent": text("Only spans directly below this one; root stands for those whose parent is not there."),
    "status": one_of("Only those that failed.", ("error",)),
    **PAGE,
}
SPANS: Final[Takes] = {
    "trace": TRACE,
    "session": SESSION,
    "service": SERVICE,
    "name": NAME,
    "kind": one_of("Only of this kind.", tuple(SPAN_KINDS)),
    "status": CODE,
    "min_ms": MIN_MS,
    **SPAN,
    **PAGE,
}
LOGS: Final[Takes] = {
    "trace": TRACE,
    "span": text("Only this span's."),
    "session": text("Only of traces that are part of this session."),
    "service": SERVICE,
    "event": text("Only with this event name."),
    "min_severity": whole("Only of this severity or a higher one: 9 is info, 13 warn, 17 error."),
    **SPAN,
    **PAGE,
}
POINTS: Final[Takes] = {
    "service": SERVICE,
    "name": text("Only this metric's."),
    "type": one_of("Only of this type.", ("gauge", "sum", "histogram", "exponential_histogram", "summary")),
    **SPAN,
    **PAGE,
}
MODEL_CALLS: Final[Takes] = {
    **PLACED,
    "agent": AGENT,
    "provider": text("Only this provider's."),
    "model": text("Only this model's."),
    "status": OK,
    "cost_source": text("Only those whose cost is known from there: computed, emitted or unknown_model."),
    "counted": truth("Only those that sums count, or those that they do not."),
    "error": ERROR,
    **COST,
    **SPAN,
    **PAGE,
}
TOOL_CALLS: Final[Takes] = {
    **PLACED,
    "agent": AGENT,
    "tool": text("Only this tool's."),
    "status": OK,
    "file": FILE,
    "error": ERROR,
    "min_ms": MIN_MS,
    **SPAN,
    **PAGE,
}
EVENTS: Final[Takes] = {
    **PLACED,
    "type": text("Only of this type."),
    "tool": text("Only this tool's."),
    "file": FILE,
    **SPAN,
    **PAGE,
}
RUNS: Final[Takes] = {
    "session": SESSION,
    "job": JOB,
    "name": text("Only of this agent."),
    "model": text("Only with this model."),
    "status": text("Only with this status, such as running, completed or failed."),
    **SPAN,
    **PAGE,
}
USAGE: Final[Takes] = {
    "by": one_of("Hours or days; days by default.", series.WIDTHS),
    "group": one_of("What the sums are parted by.", series.GROUPS),
    "agent": AGENT,
    "model": text("Only this model's."),
    "provider": text("Only this provider's."),
    **SPAN,
    **PAGE,
}
REJECTIONS: Final[Takes] = {
    "signal": one_of("Only of this signal.", ("traces", "logs", "metrics")),
    "transport": text("Only what came this way: grpc, http, import or replay."),
    "reason": text("Only with this reason."),
    "service": text("Only what is from this program, or holds its name."),
    "session": text("Only what is of this session, or holds its name."),
    "code": text("Only commands with this fault."),
    "state": text("Only in this state: rejected, parked, resolved (kept after all) or expired."),
    "command": text("Only the command that its sender named so, by `tracking.event_id`."),
    **SPAN,
    **PAGE,
}
SOUGHT: Final = Parameter(
    'Words to look for, in any order; "words in quotes" stand behind each other, -this must not be there.',
    {"type": "string"},
    lambda _name, given: given,
)
"""Any text is answered, also one that is longer than what is looked for."""
SEARCH: Final[Takes] = {
    "q": SOUGHT,
    "order": one_of("Newest first, or those first that hold the words best.", ORDERS),
    "kind": text("Only of this kind."),
    "session": SESSION,
    "agent": AGENT,
    "project": text("Only of this project."),
    "tool": text("Only of this tool."),
    "errors": truth("Only what failed."),
    **SPAN,
    "limit": LIMIT,
    "cursor": PAGE["cursor"],
}
NAMES: Final[Takes] = {"kind": one_of("Names of spans, or services.", ("span", "service")), "limit": LIMIT}
TOOLS: Final[Takes] = {"session": SESSION, "job": JOB, "agent": AGENT, "tool": NAME, **SPAN, "limit": LIMIT}
AGENTS: Final[Takes] = {"agent": AGENT, "since": SPAN["since"], "limit": LIMIT}
NUMBER: Final = whole("Its number.")


KINDS: Final = {joins.TEXT: text, joins.WHOLE: whole, joins.TIME: time, TRUTH: truth}


def _joining(join: Join) -> Question:
    """Ask a question that joins; what must be given stands in the path."""

    def ask(side: Any, *named: Any, **values: Any) -> Any:
        return joined(side, join, *named, **values)

    takes = {**_filters(join.takes), "limit": LIMIT} if join.is_list else _filters(join.takes)
    return Question(
        join.path, _told(ask, join.about), takes, outline.of(join.statement), join.is_list, _names(join.needs)
    )


def _about_one(asked: Whole) -> Question:
    """Ask about one thing of the book of work."""

    def ask(side: Any, *named: Any) -> Any:
        return book.whole(side, asked, *named)

    shape = outline.of(asked.statement)
    return Question(asked.path, _told(ask, asked.about), {}, shape, is_list=False, names=_names(asked.needs))


def _listing(asked: Listing) -> Question:
    """Ask for a page of the book of work."""

    def ask(side: Any, *named: Any, **values: Any) -> Any:
        return book.listed(side, asked, *named, **values)

    takes = {**_filters(asked.takes), **PAGE}
    return Question(asked.path, _told(ask, asked.about), takes, outline.of(asked.statement), names=_names(asked.needs))


def _told(ask: Callable[..., Any], about: str) -> Callable[..., Any]:
    ask.__doc__ = about
    return ask


def _filters(takes: Mapping[str, str]) -> dict[str, Parameter]:
    return {name: KINDS[kind](f"Only with this {name.replace('_', ' ')}.") for name, kind in takes.items()}


def _names(needs: Mapping[str, str]) -> dict[str, Parameter]:
    return {name: KINDS[kind](f"The {name.replace('_', ' ')}.") for name, kind in needs.items()}


QUESTIONS: Final = (
    Question("/sessions", reading.sessions, SESSIONS, outline.SESSION),
    Question("/sessions/{session_id}", reading.session, {}, outline.ONE_SESSION, is_list=False),
    Question("/sessions/{session_id}/timeline", reading.timeline, PAGE, outline.ENTRY),
    Question("/sessions/{session_id}/summary", reading.summary, {}, outline.SUMMARY, is_list=False),
    Question("/traces", lists.traces, TRACES, outline.TRACE),
    Question("/traces/{trace_id}", traces.trace, {}, outline.ONE_TRACE, is_list=False),
    Question("/traces/{trace_id}/spans", traces.spans, PARTS, outline.TRACE_SPAN),
    Question("/names", stored.names, NAMES, outline.SPAN_NAME),
    Question("/spans", lists.spans, SPANS, outline.SPAN),
    Question("/spans/{trace_id}/{span_id}", lists.span, {}, outline.ONE_SPAN, is_list=False),
    Question("/logs", lists.logs, LOGS, outline.LOG),
    Question("/logs/{number}", lists.log, {}, outline.ONE_LOG, is_list=False, names={"number": NUMBER}),
    Question("/points", lists.points, POINTS, outline.POINT),
    Question("/points/{number}", lists.point, {}, outline.ONE_POINT, is_list=False, names={"number": NUMBER}),
    Question("/model-calls", lists.model_calls, MODEL_CALLS, outline.MODEL_CALL),
    Question("/model-calls/{call_id:.+}", lists.model_call, {}, outline.MODEL_CALL, is_list=False),
    Question("/tool-calls", lists.tool_calls, TOOL_CALLS, outline.TOOL_CALL),
    Question("/tool-calls/{number}", lists.tool_call, {}, outline.TOOL_CALL, is_list=False, names={"number": NUMBER}),
    Question("/jobs", reading.jobs, JOBS, outline.JOB),
    Question("/jobs/{job_id}", reading.job, {}, outline.ONE_JOB, is_list=False),
    Question("/jobs/{job_id}/tool-calls", reading.job_tool_calls, PAGE, outline.TOOL_CALL),
    Question("/jobs/{job_id}/subagents", reading.job_subagents, {}, outline.SUBAGENT),
    Question("/subagents", lists.subagents, {"job": JOB, "session": SESSION, "name": NAME, **PAGE}, outline.SUBAGENT),
    Question("/events", lists.events, EVENTS, outline.EVENT),
    Question("/tools", tool_sums.tools, TOOLS, outline.TOOL),
    Question("/agents", reading.agents, AGENTS, outline.AGENT),
    Question("/runs", lists.runs, RUNS, outline.RUN),
    Question("/runs/{run_id:.+}", lists.run, {}, outline.RUN, is_list=False),
    Question("/entries", lists.entries, ENTRIES, outline.ENTRY),
    Question("/entries/{entry_id:.+}", reading.entry, {}, outline.ENTRY, is_list=False),
    Question("/days", lists.days, {**SPAN, **PAGE}, outline.DAY),
    Question("/usage", series.usage, USAGE, outline.USAGE),
    Question("/statistics", series.statistics, SPAN, outline.STATISTICS, is_list=False),
    Question("/rejections", lists.rejections, REJECTIONS, outline.REJECTION),
    Question("/rejections/reasons", stored.reasons, {}, outline.REASON),
    Question(
        "/rejections/{number}", stored.rejection, {}, outline.ONE_REJECTION, is_list=False, names={"number": NUMBER}
    ),
    Question("/storage", stored.storage, {}, outline.STORAGE, is_list=False),
    Question("/search", searching.search, SEARCH, outline.FOUND, tells=outline.SEARCHED),
    *map(_joining, JOINS.values()),
    *map(_about_one, WHOLES.values()),
    *map(_listing, (*LISTINGS.values(), *WITHIN)),
)
