"""Tell the story in spans (a beta of Claude Code's): the prompt, below it requests and uses of tools."""

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Span, StatusCode, set_span_in_context

from tests.recordings.claude_code.story import MS, SCENARIO, Agent, Process, Request, Turn, Use, number_of

SCOPE: Final = "com.anthropic.claude_code.tracing"
SCOPE_VERSION: Final = "1.0.0"


class FixedIds(IdGenerator):
    """Give the same ids in every telling."""

    def __init__(self, process: int) -> None:
        """Begin with a process's first."""
        self._process, self._spans, self._traces = process, 0, 0

    def generate_span_id(self) -> int:
        """Give the next span's id."""
        self._spans += 1
        return number_of(f"span {self._process} {self._spans}", 8)

    def generate_trace_id(self) -> int:
        """Give the next trace's id."""
        self._traces += 1
        return number_of(f"trace {self._process} {self._traces}", 16)


class Spans:
    """Record a process's spans; `contexts` gives that of each turn's own span, by the turn's number."""

    def __init__(self, process: Process) -> None:
        """Play it."""
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(
            resource=Resource(SCENARIO["resource"]), shutdown_on_exit=False, id_generator=FixedIds(process.number)
        )
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self._tracer = provider.get_tracer(SCOPE, SCOPE_VERSION)
        self._standard = {**SCENARIO["standard"], "session.id": process.session}
        self.contexts: dict[int, Context] = {}
        for turn in process.turns:
            self._turn(turn)

    def finished(self) -> list[ReadableSpan]:
        """Give the spans in order of their end."""
        return sorted(self._kept.get_finished_spans(), key=lambda span: span.end_time or 0)

    def _start(self, kind: str, began: int, above: Context, attributes: Mapping[str, Any]) -> Span:
        told = {**self._standard, "span.type": kind, **attributes}
        return self._tracer.start_span(f"claude_code.{kind}", above, attributes=told, start_time=began)

    def _turn(self, turn: Turn) -> None:
        told = {"user_prompt": turn.prompt, "user_prompt_length": len(turn.prompt)}
        span = self._start("interaction", turn.began, Context(), {**told, "interaction.sequence": turn.sequence})
        self.contexts[turn.number] = inside = set_span_in_context(span, Context())
        for step in turn.steps:
            self._request(step, Context() if "title" in step.told else inside)
        span.set_attribute("interaction.duration_ms", (turn.ended - turn.began) // MS)
        span.end(turn.ended)

    def _request(self, request: Request, above: Context) -> None:
        told = {**_about(request), **_of(request.agent)}
        span = self._start("llm_request", request.began, above, told)
        for attempt, client in enumerate(request.client_ids, 1):
            at = request.began + (attempt - 1) * (request.ended - request.began) // len(request.statuses)
            span.add_event("gen_ai.request.attempt", {"attempt": attempt, "client_request_id": client}, timestamp=at)
        span.set_attributes(_answer(request) if request.ok else _failure(request))
        if not request.ok:
            span.set_status(StatusCode.ERROR, request.told["error"])
        span.end(request.ended)
        for use in request.uses:
            self._use(use, above)

    def _use(self, use: Use, above: Context) -> None:
        ids = {"tool_use_id": use.id, "gen_ai.tool.call.id": use.id}
        span = self._start("tool", use.began, above, {"tool_name": use.name, **ids, **_details(use), **_of(use.agent)})
        inside = set_span_in_context(span, Context())
        source = use.told.get("source", "config")
        decided = {"decision": "reject" if use.rejected else "accept", "source": source}
        waited = {"duration_ms": (use.decided - use.began) // MS, **decided}
        self._start("tool.blocked_on_user", use.began, inside, waited).end(use.decided)
        for step in use.steps:
            self._request(step, inside)
        if not use.rejected:
            self._execution(use, inside, ids)
        if use.ok:
            span.add_event("tool.output", _content(use), timestamp=use.ended)
            span.set_attribute("result_tokens", len(use.told["result"]) // 4)
        span.set_attribute("duration_ms", (use.ended - use.began) // MS)
        span.end(use.ended)

    def _execution(self, use: Use, above: Context, ids: Mapping[str, str]) -> None:
        failed = {} if use.ok else {"error": use.told["error"]}
        told = {**ids, "duration_ms": (use.ended - use.decided) // MS, "success": use.ok, **failed}
        span = self._start("tool.execution", use.decided, above, told)
        if not use.ok:
            span.set_status(StatusCode.ERROR, use.told["error"])
        span.end(use.ended)


def _of(agent: Agent | None) -> dict[str, str]:
    return {"agent_id": agent.id} if agent else {}


def _about(request: Request) -> dict[str, Any]:
    place = "tool" if request.agent else "interaction"
    return {
        "model": request.model,
        "gen_ai.system": "anthropic",
        "gen_ai.request.model": request.model,
        "query_source": request.source,
        "speed": "normal",
        "llm_request.context": "standalone" if "title" in request.told else place,
        "request_id": request.id,
        "gen_ai.response.id": request.id,
        "client_request_id": request.client_ids[-1],
        "attempt": len(request.statuses),
        "success": request.ok,
        "duration_ms": (request.ended - request.began) // MS,
    }


def _answer(request: Request) -> dict[str, Any]:
    usage = request.usage
    return {
        "ttft_ms": 150 + request.number,
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_tokens": usage.cache_read,
        "cache_creation_tokens": usage.cache_creation,
        "response.has_tool_call": bool(request.uses),
        "stop_reason": request.stop_reason,
        "gen_ai.response.finish_reasons": [request.stop_reason],
    }


def _failure(request: Request) -> dict[str, Any]:
    return {"status_code": request.statuses[-1], "error": request.told["error"]}


DETAILS: Final = {
    "Bash": ("full_command", "command"),
    "Read": ("file_path", "file_path"),
    "Edit": ("file_path", "file_path"),
    "Write": ("file_path", "file_path"),
    "Skill": ("skill_name", "skill"),
    "Agent": ("subagent_type", "subagent_type"),
}
"""Which argument of which tool is an attribute, and under which key."""


def _details(use: Use) -> dict[str, str]:
    key, argument = DETAILS.get(use.name, ("", ""))
    return {key: use.told["input"][argument]} if key else {}


def _content(use: Use) -> dict[str, str]:
    body = "content" if use.name == "Read" else "output"
    return {"input": use.input, body: use.told["result"]}
