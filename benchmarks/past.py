"""Write what a session of agents left behind: raw rows, and the derived rows that they come to.

The derived rows are made beside the raw ones, not from them: deriving a million spans takes longer than is worth it.
Their shape is that of `derive`; sums over calls equal those of jobs and agents.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import orjson

from api.times import iso_nano
from benchmarks.traffic import AGENTS, TOOLS
from benchmarks.words import Writer
from schema.derived import TABLES, Row, row
from schema.items import resource_row, scope_row
from schema.rows import LOG_COLUMNS, POINT_COLUMNS, SPAN_COLUMNS
from schema.values import content_id

SECOND: Final = 1_000_000_000
MODELS: Final = (
    ("openai", "gpt-5.1-2026-03-11", "computed", 1_250, 10_000),
    ("anthropic", "claude-sonnet-5-20260402", "computed", 2_000, 10_000),
    ("gcp.gemini", "gemini-3-pro-001", "computed", 2_000, 12_000),
    ("openrouter", "qwen-3-coder", "emitted", 300, 1_200),
    ("ollama", "llama-5-local", "unknown_model", 0, 0),
)
"""Provider, model, where its cost comes from, nano-dollars of a token read and of one written."""
WRITING: Final = ("edit_file", "write_file")
ALL_TOOLS: Final = (*TOOLS, *WRITING)
PROJECTS: Final = ("web", "engine", "docs", "infra", "mobile")
FAILS_ONE_IN: Final = 20
TEXTS: Final = 8_000
"""Texts to choose from; two of them make each that is written."""


@dataclass(slots=True)
class Written:
    """Hold rows: raw ones by signal, derived ones by table."""

    spans: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    points: list[Row] = field(default_factory=list)
    derived: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def put(self, table: str, **values: Any) -> None:
        """Write a derived row."""
        self.derived[table].append(row(TABLES[table], values))


@dataclass(slots=True)
class Sums:
    """Add calls up."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanos: int | None = None
    tools: list[str] = field(default_factory=list)
    failed: int = 0
    files: dict[str, None] = field(default_factory=dict)
    calls: int = 0

    def told(self) -> dict[str, Any]:
        """Give what every table with sums has; nothing is known where no model was called."""
        names = ("input_tokens", "output_tokens", "cost_nanos")
        return {name: getattr(self, name) if self.calls else None for name in names}


@dataclass(frozen=True, slots=True)
class Turn:
    """Say where a turn of a session stands."""

    session: str
    trace: str
    number: int
    start: int
    step: int
    spans: int
    going_on: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Say where a span of a turn stands; `agent` is the run that it is part of."""

    span: str
    parent: str | None
    start: int
    end: int
    agent: str


class Past:
    """Write sessions; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        """Take the randomness from the seed alone."""
        self._source = random.Random(seed)
        writer = Writer(self._source)
        self._texts = [writer.text(self._source.randrange(60, 260)) for _ in range(TEXTS)]
        self.resources = [
            resource_row(
                {"service.name": f"agent-{at}", "service.version": "1.2.0"}, dropped=0, schema_url="", entity_refs=()
            )
            for at in range(8)
        ]
        self.scope = scope_row("agents", "1.4.0", {}, dropped=0, schema_url="")

    def session(self, turns: list[int], start: int, *, going_on: bool) -> Written:
        """Write a session of turns with so many spans each, from a time on, Unix nanoseconds."""
        source, out = self._source, Written()
        session = f"sess_{source.getrandbits(96):024x}"
        self._resource = source.choice(self.resources)
        self._name, self._model = source.choice(AGENTS), source.choice(MODELS)
        self._project, main = source.choice(PROJECTS), Sums()
        at = start
        for number, spans in enumerate(turns):
            last = going_on and number == len(turns) - 1
            turn = Turn(
                session,
                f"{source.getrandbits(128):032x}",
                number,
                at,
                source.randrange(1, 4) * SECOND // 2,
                spans,
                last,
            )
            at = self._turn(out, turn, main) + source.randrange(5, 90) * SECOND
        self._close(out, session, start, at, main, going_on=going_on)
        return out

    def _close(self, out: Written, session: str, start: int, end: int, main: Sums, *, going_on: bool) -> None:  # noqa: PLR0913  what a session comes to
        ended = None if going_on else iso_nano(end)
        failed = not self._source.randrange(FAILS_ONE_IN)
        facts = {"session_id": session, "started_at": iso_nano(start), "ended_at": ended, "emitter": "otel_genai"}
        status = "running" if going_on else "completed"
        out.put(
            "agents",
            **facts,
            **main.told(),
            agent_id=f"{session}:main",
            name=self._name,
            model=self._model[1],
            status=status,
            tool_call_count=len(main.tools),
            message_count=main.calls,
        )
        out.put(
            "agent_sessions",
            **facts,
            agent_name=self._name,
            workspace_path=f"/home/dev/{self._project}",
            exit_reason=None if going_on else "error" if failed else "completed",
            model_tier=self._model[1].split("-")[0],
            context_tokens=self._source.randrange(2_000, 180_000),
            last_seen_at=iso_nano(end),
            closed_by=None if going_on else "idle",
            synthetic=0,
            project_key=f"/home/dev/{self._project}",
            user_id=f"user-{self._source.randrange(20)}",
            git_branch=self._source.choice(("main", "fix", "feature")),
            source="otlp",
        )
        self._point(out, session, end, main)

    def _turn(self, out: Written, turn: Turn, main: Sums) -> int:
        """Write a turn: a root, then calls of models and tools by turns; a third of it belongs to a subagent."""
        root, prompt = f"{self._source.getrandbits(64):016x}", self._text()
        job, sums, below = f"{turn.trace}:{root}", Sums(), Sums()
        steps = list(self._steps(turn, root))
        end = turn.start + turn.spans * turn.step
        self._prompt(out, turn, prompt)
        for place, step in enumerate(steps):
            mine = (sums, main if step.agent.endswith(":main") else below)
            if step.span == step.agent.rpartition(":")[2]:
                self._agent(out, turn, step, job)
            elif place % 2:
                self._call(out, turn, step, job, mine)
            else:
                self._tool(out, turn, step, job, mine)
        self._root(out, turn, Step(root, None, turn.start, end, f"{turn.session}:main"), prompt)
        runs = [step for step in steps if step.span == step.agent.rpartition(":")[2]]
        for run in runs:
            self._subagent(out, turn, run, job, below)
        self._job(out, turn, job, root, sums, prompt, end)
        return end

    def _steps(self, turn: Turn, root: str) -> Iterator[Step]:
        """Name the spans below a root; in deep traces one hangs below another now and then."""
        source, run, parent = self._source, f"{turn.session}:main", root
        first, last = turn.spans // 3, 2 * turn.spans // 3
        nested = turn.spans >= 12
        for place in range(1, turn.spans):
            span = f"{source.getrandbits(64):016x}"
            start = turn.start + place * turn.step
            if nested and place == first:
                run = f"{turn.trace}:{span}"
                yield Step(span, root, start, turn.start + last * turn.step, run)
                parent = span
                continue
            if nested and place == last:
                run, parent = f"{turn.session}:main", root
            yield Step(span, parent, start, start + source.randrange(turn.step // 20, turn.step), run)
            if turn.spans > 1_000 and place % 50 == 0:
                parent = span if run.endswith(":main") else parent

    def _root(self, out: Written, turn: Turn, step: Step, prompt: str) -> None:
        asked = _messages("user", prompt)
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": self._name,
            "gen_ai.input.messages": asked,
        }
        over = not turn.going_on
        self._span(out, turn, step, f"invoke_agent {self._name}", attributes, "", over=over)
        self._entry(
            out,
            turn,
            step,
            f"{turn.trace}:{step.span}",
            type="trace_started",
            name=f"invoke_agent {self._name}",
            kind="agent",
            raw_input=prompt,
            usage_role="rollup",
            counted=0,
        )
        if over:
            self._entry(
                out,
                turn,
                step,
                f"{turn.trace}:{step.span}",
                suffix="/ended",
                type="trace_ended",
                kind="moment",
                name=f"invoke_agent {self._name}",
                counted=0,
            )

    def _agent(self, out: Written, turn: Turn, step: Step, job: str) -> None:
        attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
        self._span(out, turn, step, "invoke_agent helper", attributes, "")
        self._entry(out, turn, step, job, type="trace_started", name="invoke_agent helper", kind="agent", counted=0)

    def _call(self, out: Written, turn: Turn, step: Step, job: str, sums: tuple[Sums, Sums]) -> None:
        source = self._source
        provider, model, origin, read_nanos, written_nanos = self._model
        read, written = source.randrange(500, 20_000), source.randrange(20, 2_000)
        cost = None if origin == "unknown_model" else read * read_nanos + written * written_nanos
        error = "" if source.randrange(4 * FAILS_ONE_IN) else "429 Too Many Requests"
        said, answered = self._text(), self._text()
        for each in sums:
            each.calls += 1
            each.input_tokens += read
            each.output_tokens += written
            each.cost_nanos = each.cost_nanos if cost is None else (each.cost_nanos or 0) + cost
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "gen_ai.response.model": model,
            "gen_ai.usage.input_tokens": read,
            "gen_ai.usage.output_tokens": written,
            "gen_ai.input.messages": _messages("user", said),
            "gen_ai.output.messages": _messages("assistant", answered),
        }
        told = {
            "input_tokens": read,
            "output_tokens": written,
            "cache_read_tokens": read // 2,
            "cost_nanos": cost,
            "cost_source": origin,
            "usage_role": "leaf",
            "counted": 1,
            **_outcome("RateLimitError", error),
        }
        self._span(out, turn, step, f"chat {model}", attributes, error)
        self._entry(
            out,
            turn,
            step,
            job,
            type="model_called",
            name=f"chat {model}",
            kind="llm",
            model_used=model,
            provider_used=provider,
            raw_input=said,
            raw_output=answered,
            estimated_cost_usd=None if cost is None else cost / 1e9,
            **told,
        )
        out.put(
            "model_calls",
            **told,
            **self._placed(turn, step, job),
            call_id=_key(turn, step),
            agent_name=self._name,
            provider=provider,
            model=model,
            request_model=model,
            started_at=iso_nano(step.start),
            duration_ms=(step.end - step.start) / 1e6,
            finish_reason=None if error else "stop",
        )

    def _tool(self, out: Written, turn: Turn, step: Step, job: str, sums: tuple[Sums, Sums]) -> None:
        source = self._source
        name = source.choice(ALL_TOOLS)
        error = "" if source.randrange(FAILS_ONE_IN) else f"the tool took too long: {source.choice(self._texts)}"
        path = f"/home/dev/{self._project}/src/part_{source.randrange(200)}.py" if name in WRITING else None
        given, got = orjson.dumps({"query": source.choice(self._texts), "path": path}).decode(), self._text()
        for each in sums:
            each.tools.append(name)
            each.failed += bool(error)
            each.files |= {path: None} if path else {}
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.call.arguments": given,
            "gen_ai.tool.call.result": got,
        }
        outcome = _outcome("TimeoutError", error)
        self._span(out, turn, step, f"execute_tool {name}", attributes, error)
        self._entry(
            out,
            turn,
            step,
            job,
            type="tool_called",
            name=f"execute_tool {name}",
            kind="tool",
            counted=0,
            raw_input=given,
            raw_output=got,
            **outcome,
        )
        placed = self._placed(turn, step, job)
        out.put(
            "tool_calls",
            **outcome,
            **placed,
            key=_key(turn, step),
            name=name,
            is_error=int(bool(error)),
            timestamp=iso_nano(step.start),
            input_preview=given[:500],
            output_preview=got[:500],
            agent_name=self._name,
            duration_ms=(step.end - step.start) / 1e6,
            file_path=path,
        )
        placed.pop("agent_id")
        if path or error:
            out.put(
                "events",
                **placed,
                key=f"{_key(turn, step)}/0",
                timestamp=iso_nano(step.end),
                tool_name=name,
                event_type="exception" if error else "tool.output",
                file_path=path,
                data_json=orjson.dumps({"preview": got[:100]}).decode(),
            )

    def _subagent(self, out: Written, turn: Turn, run: Step, job: str, sums: Sums) -> None:
        counts = {"tool_call_count": len(sums.tools), "message_count": sums.calls, "name": "helper"}
        out.put("job_subagents", **sums.told(), **counts, job_id=job, subagent_id=run.agent)
        out.put(
            "agents",
            **sums.told(),
            **counts,
            agent_id=run.agent,
            session_id=turn.session,
            parent_agent_id=f"{turn.session}:main",
            job_id=job,
            model=self._model[1],
            status="completed",
            started_at=iso_nano(run.start),
            ended_at=iso_nano(run.end),
            emitter="otel_genai",
        )

    def _job(self, out: Written, turn: Turn, job: str, root: str, sums: Sums, prompt: str, end: int) -> None:  # noqa: PLR0913, PLR0917  what a job comes to
        facts = {
            "id": job,
            "session_id": turn.session,
            "agent_name": self._name,
            "model": self._model[1],
            "cwd": f"/home/dev/{self._project}",
            "prompt": prompt,
            "started_at": iso_nano(turn.start),
            **sums.told(),
            "tool_call_count": len(sums.tools),
            "failed_tool_calls": sums.failed,
            "trace_id": turn.trace,
            "span_id": root,
            "emitter": "otel_genai",
        }
        if turn.going_on:
            out.put("open_jobs", **facts, last_seen_at=iso_nano(end))
            return
        failed = not self._source.randrange(FAILS_ONE_IN)
        outcome = {"error_type": "RateLimitError", "error_message": "429 Too Many Requests"} if failed else {}
        nanos, used = sums.cost_nanos, self._source.randrange(1, 90)
        out.put(
            "job_history",
            **facts,
            **outcome,
            status="failed" if failed else "completed",
            reasoning_effort="",
            summary=self._text(),
            completed_at=iso_nano(end),
            elapsed_ms=(end - turn.start) // 1_000_000,
            context_used_pct=float(used),
            context_window=200_000,
            estimated_cost=None if nanos is None else nanos / 1e9,
            primary_tool=max(sums.tools, key=sums.tools.count, default=None),
            files_modified_count=len(sums.files),
            files_modified_json=orjson.dumps(list(sums.files)).decode(),
            message_count=sums.calls + 1,
            user_message_count=1,
            has_session=1,
            cost_source=self._model[2],
            usage_incomplete=0,
        )

    def _placed(self, turn: Turn, step: Step, job: str) -> dict[str, Any]:
        return {
            "session_id": turn.session,
            "job_id": job,
            "trace_id": turn.trace,
            "span_id": step.span,
            "agent_id": step.agent,
            "emitter": "otel_genai",
        } | {"sources": f'["{_key(turn, step)}"]'}

    def _entry(self, out: Written, turn: Turn, step: Step, job: str, *, suffix: str = "", **values: Any) -> None:
        parent = f"{turn.trace}/{step.span}" if suffix else f"{turn.trace}/{step.parent}" if step.parent else None
        told = {"status": "ok", "truncated_in": 0, "truncated_out": 0, **values}
        out.put(
            "agent_traces",
            **told,
            trace_id=_key(turn, step) + suffix,
            parent_trace_id=parent,
            session_id=turn.session,
            timestamp=iso_nano(step.end if suffix else step.start),
            duration_ms=None if suffix else (step.end - step.start) / 1e6,
            emitter="otel_genai",
            job_id=job,
            agent_id=step.agent,
            otel_trace_id=turn.trace,
            otel_span_id=None if suffix else step.span,
        )

    def _span(  # noqa: PLR0913, PLR0917  what a span is made of
        self,
        out: Written,
        turn: Turn,
        step: Step,
        name: str,
        attributes: dict[str, Any],
        error: str,
        *,
        over: bool = True,
    ) -> None:
        told = {
            "resource_id": self._resource[0],
            "scope_id": self.scope[0],
            "received_at": step.end,
            "trace_id": turn.trace,
            "span_id": step.span,
            "parent_span_id": step.parent,
            "trace_state": "",
            "flags": 257,
            "name": name,
            "kind": 3 if name.startswith("chat") else 1,
            "start_time_unix_nano": step.start,
            "end_time_unix_nano": step.end if over else 0,
            "status_code": 2 if error else 0,
            "status_message": error,
            "attributes": orjson.dumps({"gen_ai.conversation.id": turn.session, **attributes}).decode(),
            "dropped_attributes_count": 0,
            "dropped_events_count": 0,
            "dropped_links_count": 0,
        }
        out.spans.append(tuple(told.get(column) for column in SPAN_COLUMNS))

    def _prompt(self, out: Written, turn: Turn, prompt: str) -> None:
        told = {
            "resource_id": self._resource[0],
            "scope_id": self.scope[0],
            "received_at": turn.start,
            "sort_time": turn.start,
            "fingerprint": content_id("log", turn.trace),
            "time_unix_nano": turn.start,
            "event_name": "user_prompt",
            "severity_number": 9,
            "severity_text": "INFO",
            "body": prompt,
            "body_is_json": 0,
            "attributes": orjson.dumps({"session.id": turn.session}).decode(),
            "dropped_attributes_count": 0,
            "trace_id": turn.trace,
            "flags": 0,
        }
        out.logs.append(tuple(told.get(column) for column in LOG_COLUMNS))

    def _point(self, out: Written, session: str, time: int, sums: Sums) -> None:
        told = {
            "resource_id": self._resource[0],
            "scope_id": self.scope[0],
            "received_at": time,
            "sort_time": time,
            "fingerprint": content_id("point", session),
            "name": "gen_ai.client.calls",
            "description": "",
            "unit": "1",
            "type": "sum",
            "temporality": 1,
            "is_monotonic": 1,
            "start_time_unix_nano": time - SECOND,
            "time_unix_nano": time,
            "attributes": orjson.dumps({"session.id": session}).decode(),
            "value": sums.calls,
            "flags": 0,
        }
        out.points.append(tuple(told.get(column) for column in POINT_COLUMNS))

    def _text(self) -> str:
        return f"{self._source.choice(self._texts)} {self._source.choice(self._texts)}"


def lengths(spans: int, turns: int, source: random.Random) -> list[int]:
    """Part spans into turns of different lengths."""
    cuts = sorted(source.randrange(1, spans) for _ in range(turns - 1))
    return [end - start for start, end in pairwise((0, *cuts, spans)) if end > start]


def _key(turn: Turn, step: Step) -> str:
    return f"{turn.trace}/{step.span}"


def _messages(role: str, text: str) -> str:
    return orjson.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}]).decode()


def _outcome(kind: str, error: str) -> dict[str, Any]:
    if not error:
        return {"status": "ok"}
    return {"status": "error", "error_type": kind, "error_message": error}
