"""Show one span with everything that it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.pages import Row
from api.times import iso_nano
from core.errors import Missing
from web.asking import Asked
from web.entries import Said, said

KINDS: Final = ("unspecified", "internal", "server", "client", "producer", "consumer")
CODES: Final = ("unset", "ok", "error")
MOST: Final = 300
"""Attributes, events and links that are shown."""
MESSAGES: Final = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt", "gen_ai.completion")


@dataclass(frozen=True, slots=True)
class Pair:
    """Hold one attribute; text is what it says, whatever its type."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one event of a span."""

    name: str
    at: str | None
    pairs: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Span:
    """Hold a span, and the entry that was derived from it."""

    row: Row
    entry: Row | None
    input: Sequence[Said]
    output: Sequence[Said]
    attributes: Sequence[Pair]
    resource: Sequence[Pair]
    events: Sequence[Event]
    links: Sequence[Mapping[str, Any]]
    section: str = "sessions"

    @property
    def title(self) -> str:
        """Name the page."""
        return str(self.row["name"])


def show(asked: Asked) -> Span:
    """Read a span."""
    trace_id, span_id = asked.path["trace_id"], asked.path["span_id"]
    found = asked.side.report("span", trace=trace_id, span=span_id, limit=1)
    if not found:
        raise Missing(f"there is no span {span_id[:60]!r} in the trace {trace_id[:60]!r}")
    row = found[0]
    entry = next(iter(asked.side.report("entry", id=f"{trace_id}/{span_id}")), None)
    row |= {
        "kind_name": _of(KINDS, row["kind"]),
        "code_name": _of(CODES, row["status_code"]),
        "began": iso_nano(row["start_time_unix_nano"]),
        "duration_ms": None if row["duration_nano"] is None else row["duration_nano"] / 1e6,
    }
    return Span(
        row=row,
        entry=entry,
        input=said(entry["raw_input"]) if entry else (),
        output=said(entry["raw_output"]) if entry else (),
        attributes=pairs(row["attributes"]),
        resource=pairs(row["resource"]),
        events=[_event(one) for one in _list(row["events"])[:MOST]],
        links=_list(row["links"])[:MOST],
    )


def pairs(text: Any) -> list[Pair]:
    """Read attributes, JSON text."""
    told = text if isinstance(text, Mapping) else _parsed(text)
    if not isinstance(told, Mapping):
        return [Pair("", str(text))] if text else []
    return [Pair(str(name), _text(value)) for name, value in list(told.items())[:MOST]]


def _event(told: Mapping[str, Any]) -> Event:
    time = told.get("time_unix_nano", told.get("timeUnixNano"))
    return Event(str(told.get("name", "event")), iso_nano(_whole(time)), pairs(told.get("attributes")))


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _list(text: Any) -> list[Mapping[str, Any]]:
    told = _parsed(text)
    return [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []


def _parsed(text: Any) -> Any:
    try:
        return orjson.loads(text) if isinstance(text, str) else text
    except orjson.JSONDecodeError:
        return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _of(names: Sequence[str], number: int) -> str:
    return names[number] if 0 <= number < len(names) else str(number)
