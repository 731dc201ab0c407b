"""Make facts without records."""

from dataclasses import replace
from typing import Any

from mapping.facts import Fact
from mapping.identity import Identity, Signal


def span(number: str, above: str = "", *, kind: str = "agent", **told: Any) -> Fact:
    """Make a span of trace `t` that takes one second from time `start` on; ids are as given."""
    trace, start = told.pop("trace_id", "t"), told.pop("start", 0)
    fact = Fact(
        key=f"{trace}/{number}",
        is_span=True,
        name=told.pop("name", kind),
        kind=kind,
        emitter=told.pop("emitter", "otel_genai"),
        scope="",
        start=start,
        end=told.pop("end", start + 1_000_000_000),
        trace_id=trace,
        span_id=number,
        parent_span_id=above,
        session_id=None,
        turn_id=None,
        agent_name=None,
        failed=False,
        error_type=None,
        error_message=None,
    )
    return replace(fact, **told)


def event(kind: str, start: int, **told: Any) -> Fact:
    """Make a log record outside of any span."""
    fact = span("", kind=kind, trace_id="", start=start, end=start, name=told.pop("name", kind))
    return replace(fact, key=f"log/{start}/{kind}", is_span=False, **told)


def says(kind: str, time: int, reason: str | None = None) -> Identity:
    """Make what an event says that starts or ends something."""
    return Identity(signals=(Signal(kind, time, reason),))
