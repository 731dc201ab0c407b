"""List the questions that may be asked over HTTP: where, and what each takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api import book, joins, reading, searching
from api.joining import joined
from api.joins import JOINS, Join
from api.listings import LISTINGS, TRUTH, WHOLES, Listing, Whole
from api.times import iso, moment
from core.errors import Invalid

Reader = Callable[[str, str], Any]
"""Makes a value of the text of a parameter, whose name is for messages."""


@dataclass(frozen=True, slots=True)
class Question:
    """Say where a question is asked; `ask` gets a read side, what the path names, and the parameters that are given."""

    path: str
    ask: Callable[..., Any]
    takes: Mapping[str, Reader]

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Read the parameters of a query, or raise Invalid."""
        for name in given:
            if name not in self.takes:
                known = ", ".join(self.takes) or "none"
                raise Invalid(f"the parameter {name[:60]!r} is not known here; the parameters are {known}")
        return {name: self.takes[name](name, text) for name, text in given.items() if text}


def _text(_name: str, text: str) -> str:
    return text


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid(f"{name} is {text[:60]!r}; a whole number is wanted")
    return int(text)


def _number(name: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0 <= found < float("inf"):
        raise Invalid(f"{name} is {text[:60]!r}; a number of zero or more is wanted")
    return found


def _time(name: str, text: str) -> str:
    try:
        return iso(moment(text))
    except (ValueError, OverflowError):
        raise Invalid(f"{name} is {text[:60]!r}; a time in ISO 8601 is wanted, such as 2026-01-31T12:00:00Z") from None


def _truth(name: str, text: str) -> int:
    if text not in {"true", "false"}:
        raise Invalid(f"{name} is {text[:60]!r}; true or false is wanted")
    return int(text == "true")


PAGE: Final[dict[str, Reader]] = {"limit": _whole, "cursor": _text}
SPAN: Final[dict[str, Reader]] = {"since": _time, "until": _time}
JOBS: Final[dict[str, Reader]] = {
    **dict.fromkeys(("status", "model", "agent", "session", "tool", "file", "error"), _text),
    **dict.fromkeys(("min_cost", "max_cost"), _number),
    **SPAN,
    **PAGE,
}
ENTRIES: Final[dict[str, Reader]] = {
    **dict.fromkeys(("session", "type", "kind", "status", "text"), _text),
    **dict.fromkeys(("min_ms", "max_ms"), _number),
    **SPAN,
    **PAGE,
}
SEARCH: Final[dict[str, Reader]] = {
    **dict.fromkeys(("q", "order", "kind", "session", "agent", "project", "tool"), _text),
    "errors": _truth,
    **SPAN,
    **PAGE,
}
KINDS: Final[dict[str, Reader]] = {
    joins.TEXT: _text,
    joins.WHOLE: _whole,
    joins.TIME: _time,
    TRUTH: _truth,
}


def _joining(join: Join) -> Question:
    """Ask a question that joins; what must be given stands in the path."""

    def ask(side: Any, *named: str, **values: Any) -> Any:
        return joined(side, join, *_named(join.needs, named), **values)

    takes = {name: KINDS[kind] for name, kind in join.takes.items()}
    return Question(join.path, ask, {**takes, "limit": _whole} if join.is_list else takes)


def _about_one(asked: Whole) -> Question:
    """Ask about one thing of the book of work."""

    def ask(side: Any, *named: str) -> Any:
        return book.whole(side, asked, *_named(asked.needs, named))

    return Question(asked.path, ask, {})


def _listing(asked: Listing) -> Question:
    """Ask for a page of the book of work."""

    def ask(side: Any, *named: str, **values: Any) -> Any:
        return book.listed(side, asked, *_named(asked.needs, named), **values)

    return Question(asked.path, ask, {**{name: KINDS[kind] for name, kind in asked.takes.items()}, **PAGE})


def _named(needs: Mapping[str, str], named: Sequence[str]) -> list[Any]:
    return [KINDS[kind](name, text) for (name, kind), text in zip(needs.items(), named, strict=True)]


QUESTIONS: Final = (
    Question(
        "/sessions", reading.sessions, {**dict.fromkeys(("agent", "status", "exit_reason"), _text), **SPAN, **PAGE}
    ),
    Question("/sessions/{session_id}", reading.session, {}),
    Question("/sessions/{session_id}/timeline", reading.timeline, PAGE),
    Question("/sessions/{session_id}/summary", reading.summary, {}),
    Question("/traces/{trace_id}", reading.trace, {}),
    Question("/jobs", reading.jobs, JOBS),
    Question("/jobs/{job_id}", reading.job, {}),
    Question("/jobs/{job_id}/tool-calls", reading.job_tool_calls, PAGE),
    Question("/jobs/{job_id}/subagents", reading.job_subagents, {}),
    Question(
        "/tools",
        reading.tools,
        {**dict.fromkeys(("session", "job", "agent", "tool"), _text), **SPAN, "limit": _whole},
    ),
    Question("/agents", reading.agents, {"agent": _text, "since": _time, "limit": _whole}),
    Question("/entries", reading.newest_entries, ENTRIES),
    Question("/entries/{entry_id:.+}", reading.entry, {}),
    Question("/search", searching.search, SEARCH),
    *map(_joining, JOINS.values()),
    *map(_about_one, WHOLES.values()),
    *map(_listing, LISTINGS.values()),
)
