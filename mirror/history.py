"""Read the history in a session's state: lines of a log, commits and decisions, oldest first as they are told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mirror import fields
from mirror.fields import first
from mirror.session import Line
from mirror.values import Object, entries, identifier, moment, named, text, word

MOST: Final = 2_000
SHOWN: Final = 500
LEVELS: Final = {
    "trace": "TRACE",
    "debug": "DEBUG",
    "info": "INFO",
    "warn": "WARN",
    "warning": "WARN",
    "error": "ERROR",
    "fatal": "FATAL",
    "critical": "FATAL",
}


def read_lines(sources: Sequence[Object]) -> list[Line]:
    """Give the newest lines, in the order in which they are told."""
    return [line for source in sources for line in _lines(source)][-MOST:]


def _lines(source: Object) -> Iterator[Line]:
    for name in (*fields.LINES, *fields.TOLD_APART):
        items = entries(source.get(name), most=1 << 20) if isinstance(source.get(name), list) else []
        yield from (_line(value, fields.TOLD_APART.get(name)) for _, value in items[-MOST:])


def _line(value: Any, kind: str | None) -> Line:
    if not isinstance(value, Mapping):
        return Line(None, "INFO", kind, _cut(text(value)), None, None if text(value) else value)
    told = named(value)
    failed = first(told, fields.ERROR, text) is not None or told.get("is_error") is True
    return Line(
        first(told, fields.LINE_TIME, moment),
        LEVELS.get(first(told, fields.LEVEL, word) or "", "ERROR" if failed else "INFO"),
        kind or first(told, fields.LINE_TYPE, word),
        _cut(first(told, (*fields.LINE_TEXT, *fields.ERROR), text)),
        first(told, ("agent_id", "agent", "agent_name"), identifier),
        value,
    )


def _cut(told: str | None) -> str | None:
    return None if told is None else told[:SHOWN]
