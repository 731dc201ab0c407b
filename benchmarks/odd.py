"""Make traces that make others stall: one of thousands of spans, a circle of parents, thousands of sessions."""

import random
from collections.abc import Iterator

from benchmarks import encode
from benchmarks.traffic import AGENT, CHAT, TOOL, Attributes, Request, Shape, Span

SPANS_A_REQUEST = 512
BELOW = 8
"""Spans below each span of a tree."""
SPAN_NS = 1_000_000
RESOURCE: Attributes = {"service.name": "odd"}


def one_trace(spans: int, begin_ns: int) -> Iterator[bytes]:
    """Give the requests of one trace, a tree."""
    trace = random.randbytes(16)
    return _requests(_span(trace, number, _above(number), "tree", begin_ns) for number in range(spans))


def circle(spans: int, begin_ns: int) -> Iterator[bytes]:
    """Give the requests of a trace whose spans are each other's parents, round and round."""
    trace = random.randbytes(16)
    return _requests(_span(trace, number, (number + 1) % spans, "circle", begin_ns) for number in range(spans))


def sessions(count: int, begin_ns: int) -> Iterator[bytes]:
    """Give the requests of as many sessions, each an agent that asks a model once."""
    return _requests(span for number in range(count) for span in _session(number, begin_ns))


def probe(begin_ns: int) -> bytes:
    """Give a request of one span."""
    return next(_requests([_span(random.randbytes(16), 0, None, f"probe-{begin_ns}", begin_ns)]))


def _session(number: int, begin_ns: int) -> Iterator[Span]:
    trace = random.randbytes(16)
    for place in range(2):
        yield _span(trace, place, 0 if place else None, f"session-{begin_ns}-{number}", begin_ns + number * SPAN_NS)


def _above(number: int) -> int | None:
    return (number - 1) // BELOW if number else None


def _span(trace: bytes, number: int, above: int | None, session: str, begin_ns: int) -> Span:
    operation = (TOOL if number % 2 else CHAT) if number else AGENT
    start = begin_ns + number * SPAN_NS
    attributes: Attributes = {"gen_ai.operation.name": operation, "gen_ai.conversation.id": session, **_told(number)}
    parent = b"" if above is None else _id(above)
    return Span(trace, _id(number), parent, start, start + 2 * SPAN_NS, operation, attributes=attributes)


def _told(number: int) -> Attributes:
    if number % 2:
        return {"gen_ai.tool.name": "read_file", "gen_ai.tool.call.id": f"call_{number:012}"}
    return {
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5.1",
        "gen_ai.usage.input_tokens": number + 10,
        "gen_ai.usage.output_tokens": number + 1,
    }


def _id(number: int) -> bytes:
    return (number + 1).to_bytes(8, "big")


def _requests(spans: "Iterator[Span] | list[Span]") -> Iterator[bytes]:
    held: list[Span] = []
    for span in spans:
        held.append(span)
        if len(held) == SPANS_A_REQUEST:
            yield _request(held)
            held = []
    if held:
        yield _request(held)


def _request(spans: list[Span]) -> bytes:
    return encode.protobuf(Request(RESOURCE, {"agents": spans}, Shape(1, len(spans)), 0))
