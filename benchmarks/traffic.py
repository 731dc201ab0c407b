"""Shape a request like an agent's work: an agent that asks a model, uses a tool, asks again, and hands on to another.

Names follow OpenTelemetry's semantic conventions for generative AI.
Ids and times are marked holes (see `benchmarks.holes`), filled anew for each request.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from benchmarks import holes
from benchmarks.words import Writer

Value = str | int | float | list[str]
Attributes = dict[str, Value]

AGENT, CHAT, TOOL = "invoke_agent", "chat", "execute_tool"
INTERNAL, CLIENT = 1, 3
STATUS_ERROR = 2
SPAN_NS = 7_000_000
FAILS_ONE_IN = 16

MODELS = (
    ("openai", "gpt-5.1", "gpt-5.1-2026-03-11", "api.openai.com"),
    ("anthropic", "claude-sonnet-5", "claude-sonnet-5-20260402", "api.anthropic.com"),
    ("gcp.gemini", "gemini-3-pro", "gemini-3-pro-001", "generativelanguage.googleapis.com"),
)
AGENTS = ("planner", "researcher", "coder", "reviewer", "weather", "support")
TOOLS = ("get_weather", "read_file", "web_search", "run_tests", "query_database", "apply_patch")


@dataclass(frozen=True, slots=True)
class Shape:
    """Say how large a request is."""

    traces: int = 32
    spans_per_trace: int = 16

    @property
    def spans(self) -> int:
        """Count the spans of a request."""
        return self.traces * self.spans_per_trace


@dataclass(frozen=True, slots=True)
class Event:
    """Hold a span event."""

    name: str
    time: int
    attributes: Attributes


@dataclass(slots=True)
class Span:
    """Hold a span in neither encoding."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    start: int
    end: int
    name: str = ""
    kind: int = INTERNAL
    attributes: Attributes = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """Hold one request: one program, one scope each for agents with their tools and for models."""

    resource: Attributes
    scopes: dict[str, list[Span]]
    shape: Shape
    event_times: int


class Author:
    """Write requests; the same seed gives the same requests."""

    def __init__(self, seed: int, shape: Shape) -> None:
        """Take the randomness from the seed alone."""
        self._source = random.Random(seed)
        self._writer = Writer(self._source)
        self._shape = shape
        self._event_times = 0

    def request(self) -> Request:
        """Write one request."""
        self._event_times = 0
        spans = list(self._spans())
        models = [span for span in spans if span.kind == CLIENT]
        others = [span for span in spans if span.kind != CLIENT]
        scopes = {"agents": others, "opentelemetry.instrumentation.genai": models}
        return Request(
            self._resource(), {name: held for name, held in scopes.items() if held}, self._shape, self._event_times
        )

    def _resource(self) -> Attributes:
        return {
            "service.name": f"agent-{self._source.randrange(8)}",
            "service.version": "1.2.0",
            "service.instance.id": f"{self._source.getrandbits(64):016x}",
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.version": "1.45.2",
            "host.name": "bench",
            "process.pid": 4242,
        }

    def _spans(self) -> Iterator[Span]:
        for trace in range(self._shape.traces):
            yield from self._trace(trace)

    def _trace(self, trace: int) -> Iterator[Span]:
        """Write a trace: the first span is its root, the one in the middle an agent that the second half belongs to."""
        size, count = self._shape.spans_per_trace, self._shape.spans
        first = trace * size
        middle = size // 2 if size > 4 else 0
        provider = self._source.choice(MODELS)
        for place in range(size):
            number = first + place
            parent = first + (middle if place > middle else 0)
            span = Span(
                holes.trace_id(trace),
                holes.span_id(self._shape.traces + number),
                holes.span_id(self._shape.traces + parent) if place else b"",
                holes.time(number),
                holes.time(count + number),
            )
            conversation = f"conv_{holes.text(self._shape.traces + count + trace)}"
            self._dress(span, (AGENT if place in (0, middle) else (CHAT, TOOL)[place % 2]), provider, conversation)
            yield span

    def _dress(self, span: Span, operation: str, provider: tuple[str, str, str, str], conversation: str) -> None:
        span.attributes = {"gen_ai.operation.name": operation, "gen_ai.conversation.id": conversation}
        write = {AGENT: self._agent, CHAT: self._chat, TOOL: self._tool}[operation]
        write(span, provider)

    def _agent(self, span: Span, provider: tuple[str, str, str, str]) -> None:
        name = self._source.choice(AGENTS)
        span.name = f"{AGENT} {name}"
        span.attributes |= {
            "gen_ai.provider.name": provider[0],
            "gen_ai.agent.name": name,
            "gen_ai.agent.id": f"asst_{name}",
            "gen_ai.request.model": provider[1],
            "gen_ai.usage.input_tokens": self._source.randrange(20_000),
            "gen_ai.usage.output_tokens": self._source.randrange(3_000),
            "gen_ai.input.messages": self._messages("user", 340),
            "gen_ai.output.messages": self._messages("assistant", 400),
        }

    def _chat(self, span: Span, provider: tuple[str, str, str, str]) -> None:
        span.name, span.kind = f"{CHAT} {provider[1]}", CLIENT
        span.attributes |= {
            "gen_ai.provider.name": provider[0],
            "gen_ai.request.model": provider[1],
            "gen_ai.response.model": provider[2],
            "gen_ai.response.id": f"chatcmpl-{span.span_id[:8].hex()}",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.request.temperature": self._source.choice((0.2, 0.7, 1.25)),
            "gen_ai.usage.input_tokens": self._source.randrange(20_000),
            "gen_ai.usage.output_tokens": self._source.randrange(2_000),
            "gen_ai.usage.cache_read.input_tokens": self._source.randrange(10_000),
            "server.address": provider[3],
            "gen_ai.input.messages": self._messages("user", 280),
            "gen_ai.output.messages": self._messages("assistant", 220),
        }

    def _tool(self, span: Span, provider: tuple[str, str, str, str]) -> None:
        name = self._source.choice(TOOLS)
        span.name = f"{TOOL} {name}"
        span.attributes |= {
            "gen_ai.provider.name": provider[0],
            "gen_ai.tool.name": name,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": f"call_{span.span_id[:8].hex()}",
            "gen_ai.agent.name": self._source.choice(AGENTS),
            "gen_ai.tool.call.arguments": _json({"query": self._text(200), "limit": self._source.randrange(100)}),
            "gen_ai.tool.call.result": self._text(340),
        }
        if self._source.randrange(FAILS_ONE_IN):
            self._note(span, "tool.output", {"tool.output.preview": self._text(110)})
        else:
            self._fail(span)

    def _fail(self, span: Span) -> None:
        span.error = "the tool took too long"
        span.attributes["error.type"] = "TimeoutError"
        facts: Attributes = {"exception.type": "TimeoutError", "exception.message": self._text(120)}
        self._note(span, "exception", facts)

    def _note(self, span: Span, name: str, attributes: Attributes) -> None:
        time = holes.time(2 * self._shape.spans + self._event_times)
        self._event_times += 1
        span.events.append(Event(name, time, attributes))

    def _text(self, chars: int) -> str:
        """Write a text of about so many characters, a quarter more or less."""
        return self._writer.text(int(chars * self._source.uniform(0.75, 1.25)))

    def _messages(self, role: str, chars: int) -> str:
        return _json([{"role": role, "parts": [{"type": "text", "content": self._text(chars)}]}])


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
