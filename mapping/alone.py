"""Say what ties model calls that stand alone, each in a trace of its own: what one asked for, and another was given."""

from collections.abc import Iterable, Sequence

from mapping.facts import Fact
from mapping.parts import Asked, Result, json_text
from mapping.record import parsed
from mapping.sessions import SYNTHETIC
from mapping.tools import ToolCall


def ids(fact: Fact, field: str) -> list[tuple[str | None, str]]:
    """Give the ids of tool calls that a model call asked for, or was given the results of, within its session."""
    return [(_own_session(fact), told.call_id) for told in getattr(fact, field, ()) if told.call_id]


def words(fact: Fact, calls: Iterable[Asked | Result]) -> list[tuple[str | None, ...]]:
    """Give what tool calls are known by whose asking tells of no ids: prompt, name and arguments."""
    told = [(call.name, json_text(parsed(call.arguments))) for call in calls if call.name and call.arguments]
    return [(_own_session(fact), fact.prompt, *each) for each in told]


def record(fact: Fact, key: str) -> tuple[str | None, str]:
    """Name a record of a fact's session by its key."""
    return (_own_session(fact), key)


def asked_in(tools: Iterable[ToolCall]) -> dict[str, str]:
    """Give for each record that answers a tool call the one that asked for it."""
    return {answer: call.sources[0] for call in tools for answer in call.sources[1:]}


def _own_session(fact: Fact) -> str | None:
    return None if (fact.session_id or SYNTHETIC).startswith(SYNTHETIC) else fact.session_id


def news(said: Sequence[Fact]) -> list[Fact]:
    """Leave out what was said before the user spoke last: events of messages repeat the whole conversation."""
    spoke = max((fact.start for fact in said if fact.kind == "message" and fact.prompt), default=-1)
    return [fact for fact in said if fact.start > spoke]
