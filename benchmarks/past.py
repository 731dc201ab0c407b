"""Write the raw rows that sessions of agents leave behind: spans, and beside them prompts and sums.

Names follow OpenTelemetry's semantic conventions for generative AI.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import orjson

from benchmarks.traffic import AGENTS, TOOLS
from benchmarks.words import Writer
from schema.items import resource_row, scope_row
from schema.rows import LOG_COLUMNS, POINT_COLUMNS, SPAN_COLUMNS, Row
from schema.values import content_id

SECOND: Final = 1_000_000_000
MODELS: Final = (
    ("openai", "gpt-5.1-2026-03-11"),
    ("anthropic", "claude-sonnet-5-20260402"),
    ("gcp.gemini", "gemini-2.5-pro"),
    ("openrouter", "qwen-3-coder"),
    ("ollama", "llama-5-local"),
)
EMITTED: Final = {"qwen-3-coder": 1e-6}
"""Models whose programs say what they cost: dollars of a token."""
WRITING: Final = ("edit_file", "write_file")
ALL_TOOLS: Final = (*TOOLS, *WRITING)
PROJECTS: Final = ("web", "engine", "docs", "infra", "mobile")
SERVICES: Final = 8
FAILS_ONE_IN: Final = 20
TEXTS: Final = 8_000
"""Texts to choose from; two of them make each that is written."""


@dataclass(slots=True)
class Written:
    """Hold raw rows by signal."""

    spans: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    points: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Session:
    """Say whose a session is."""

    id: str
    resource: int
    agent: str
    provider: str
    model: str
    project: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Say where a turn of a session stands; a span begins a `step` after the one before."""

    session: Session
    trace: str
    start: int
    step: int
    spans: int
    going_on: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Say where a span of a turn stands; a `run` is a subagent's."""

    span: str
    parent: str | None
    start: int
    end: int
    run: bool = False


class Past:
    """Write sessions; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        """Take the randomness from the seed alone."""
        self._source = random.Random(seed)
        writer = Writer(self._source)
        self._texts = [writer.text(self._source.randrange(60, 260)) for _ in range(TEXTS)]
        self._resources = {project: [_resource(number, project) for number in range(SERVICES)] for project in PROJECTS}
        self.resources = [row for rows in self._resources.values() for row in rows]
        self.scope = scope_row("agents", "1.4.0", {}, dropped=0, schema_url="")

    def session(self, turns: list[int], start: int, *, going_on: bool) -> Written:
        """Write a session of turns with so many spans each, from a time on, Unix nanoseconds."""
        source, out, at = self._source, Written(), start
        project = source.choice(PROJECTS)
        resource = source.choice(self._resources[project])[0]
        session = Session(
            f"sess_{source.getrandbits(96):024x}", resource, source.choice(AGENTS), *source.choice(MODELS), project
        )
        for number, spans in enumerate(turns):
            step = source.randrange(1, 4) * SECOND // 2
            last = going_on and number == len(turns) - 1
            turn = Turn(session, f"{source.getrandbits(128):032x}", at, step, spans, last)
            at = self._turn(out, turn) + source.randrange(5, 90) * SECOND
        out.points.append(self._point(session, at, len(out.spans)))
        return out

    def _turn(self, out: Written, turn: Turn) -> int:
        """Write a turn: a root, then calls of models and tools by turns; a third of it belongs to a subagent."""
        prompt, end = self._text(), turn.start + turn.spans * turn.step
        root = Place(f"{self._source.getrandbits(64):016x}", None, turn.start, 0 if turn.going_on else end)
        out.logs.append(self._prompt(turn, prompt))
        out.spans.append(self._root(turn, root, prompt))
        for number, place in enumerate(self._places(turn, root.span)):
            write = self._helper if place.run else self._call if number % 2 else self._tool
            out.spans.append(write(turn, place))
        return end

    def _places(self, turn: Turn, root: str) -> Iterator[Place]:
        """Name the spans below a root; in deep traces one hangs below another now and then."""
        source, parent, is_main = self._source, root, True
        first, last = turn.spans // 3, 2 * turn.spans // 3
        nested = turn.spans >= 12
        for number in range(1, turn.spans):
            span, start = f"{source.getrandbits(64):016x}", turn.start + number * turn.step
            if nested and number == first:
                yield Place(span, root, start, turn.start + last * turn.step, run=True)
                parent, is_main = span, False
                continue
            if nested and number == last:
                parent, is_main = root, True
            yield Place(span, parent, start, start + source.randrange(turn.step // 20, turn.step))
            if is_main and turn.spans > 1_000 and number % 50 == 0:
                parent = span

    def _root(self, turn: Turn, place: Place, prompt: str) -> Row:
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": turn.session.agent,
            "gen_ai.input.messages": _messages("user", prompt),
            "gen_ai.output.messages": _messages("assistant", self._text()),
            "user.id": f"user-{self._source.randrange(20)}",
            "vcs.ref.head.name": self._source.choice(("main", "fix", "feature")),
        }
        error = "" if self._source.randrange(FAILS_ONE_IN) else "429 Too Many Requests"
        return self._span(turn, place, f"invoke_agent {turn.session.agent}", attributes, error)

    def _helper(self, turn: Turn, place: Place) -> Row:
        attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
        return self._span(turn, place, "invoke_agent helper", attributes)

    def _call(self, turn: Turn, place: Place) -> Row:
        source, model = self._source, turn.session.model
        read, written = source.randrange(500, 20_000), source.randrange(20, 2_000)
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": turn.session.provider,
            "gen_ai.agent.name": turn.session.agent,
            "gen_ai.request.model": model,
            "gen_ai.response.model": model,
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": read,
            "gen_ai.usage.output_tokens": written,
            "gen_ai.usage.cache_read.input_tokens": read // 2,
            "gen_ai.input.messages": _messages("user", self._text()),
            "gen_ai.output.messages": _messages("assistant", self._text()),
        }
        if model in EMITTED:
            attributes["gen_ai.usage.cost"] = EMITTED[model] * (read + written)
        error = "" if source.randrange(4 * FAILS_ONE_IN) else "429 Too Many Requests"
        return self._span(turn, place, f"chat {model}", attributes, error)

    def _tool(self, turn: Turn, place: Place) -> Row:
        source, name = self._source, self._source.choice(ALL_TOOLS)
        error = "" if source.randrange(FAILS_ONE_IN) else f"the tool took too long: {source.choice(self._texts)}"
        path = f"/home/dev/{turn.session.project}/src/part_{source.randrange(200)}.py" if name in WRITING else None
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.agent.name": turn.session.agent,
            "gen_ai.tool.call.id": f"call_{place.span}",
            "gen_ai.tool.call.arguments": _json({"query": source.choice(self._texts), "path": path}),
            "gen_ai.tool.call.result": self._text(),
        }
        return self._span(turn, place, f"execute_tool {name}", attributes, error)

    def _span(self, turn: Turn, place: Place, name: str, attributes: dict[str, Any], error: str = "") -> Row:
        failure = {"error.type": "RateLimitError" if error.startswith("429") else "TimeoutError"} if error else {}
        told = {
            **self._above(turn.session, place.end or place.start),
            "trace_id": turn.trace,
            "span_id": place.span,
            "parent_span_id": place.parent,
            "trace_state": "",
            "flags": 257,
            "name": name,
            "kind": 3 if name.startswith("chat") else 1,
            "start_time_unix_nano": place.start,
            "end_time_unix_nano": place.end,
            "status_code": 2 if error else 0,
            "status_message": error,
            "attributes": _json({"gen_ai.conversation.id": turn.session.id, **attributes, **failure}),
            "events": _exception(place, error) if error and not name.startswith("chat") else None,
            "dropped_attributes_count": 0,
            "dropped_events_count": 0,
            "dropped_links_count": 0,
        }
        return tuple(told.get(column) for column in SPAN_COLUMNS)

    def _prompt(self, turn: Turn, prompt: str) -> Row:
        told = {
            **self._above(turn.session, turn.start),
            "sort_time": turn.start,
            "fingerprint": content_id("log", turn.trace),
            "time_unix_nano": turn.start,
            "event_name": "user_prompt",
            "severity_number": 9,
            "severity_text": "INFO",
            "body": prompt,
            "body_is_json": 0,
            "attributes": _json({"session.id": turn.session.id}),
            "dropped_attributes_count": 0,
            "trace_id": turn.trace,
            "flags": 0,
        }
        return tuple(told.get(column) for column in LOG_COLUMNS)

    def _point(self, session: Session, time: int, value: int) -> Row:
        told = {
            **self._above(session, time),
            "sort_time": time,
            "fingerprint": content_id("point", session.id),
            "name": "gen_ai.client.calls",
            "description": "",
            "unit": "1",
            "type": "sum",
            "temporality": 1,
            "is_monotonic": 1,
            "start_time_unix_nano": time - SECOND,
            "time_unix_nano": time,
            "attributes": _json({"session.id": session.id}),
            "value": value,
            "flags": 0,
        }
        return tuple(told.get(column) for column in POINT_COLUMNS)

    def _above(self, session: Session, received_at: int) -> dict[str, Any]:
        return {"resource_id": session.resource, "scope_id": self.scope[0], "received_at": received_at}

    def _text(self) -> str:
        return f"{self._source.choice(self._texts)} {self._source.choice(self._texts)}"


def lengths(spans: int, turns: int, source: random.Random) -> list[int]:
    """Part spans into turns of different lengths."""
    cuts = sorted(source.randrange(1, spans) for _ in range(turns - 1))
    return [end - start for start, end in pairwise((0, *cuts, spans)) if end > start]


def _resource(number: int, project: str) -> Row:
    home = f"/home/dev/{project}"
    told = {"service.name": f"agent-{number}", "service.version": "1.2.0", "project.key": home, "workspace.path": home}
    return resource_row(told, dropped=0, schema_url="", entity_refs=())


def _exception(place: Place, message: str) -> str:
    told = {"exception.type": "TimeoutError", "exception.message": message}
    return _json([{"name": "exception", "timeUnixNano": place.end, "attributes": told}])


def _messages(role: str, text: str) -> str:
    return _json([{"role": role, "parts": [{"type": "text", "content": text}]}])


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
