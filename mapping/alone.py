"""Say what ties model calls that stand alone, each in a trace of its own: what one asked for, and another was given."""

from collections.abc import Iterable, Mapping, Sequence

from mapping.facts import Fact
from mapping.parts import Asked, Result, json_text
from mapping.record import parsed
from mapping.sessions import SYNTHETIC
from mapping.tools import ToolCall

Name = tuple[str | None, ...]
"""What a call of a tool is known by to the one who asked for it and the one who is given its result."""


def askers(tools: Iterable[ToolCall]) -> dict[str, str]:
    """Give for each record that answers a tool call the one that asked for it."""
    return {answer: call.sources[0] for call in tools for answer in call.sources[1:]}


def asked(fact: Fact) -> list[Name]:
    """Name what a record asked for: by ids, by words where it tells of no ids, and by the record itself."""
    nameless = [call for call in fact.asked if not call.call_id]
    return [*_ids(fact, fact.asked), *_words(fact, nameless), _record(fact, fact.key)]


def given(fact: Fact, askers: Mapping[str, str]) -> list[Name]:
    """Name what a record was given the results of; `askers` has the record that asked for what another answers."""
    asker = askers.get(fact.key)
    return [*_ids(fact, fact.results), *_words(fact, fact.results), *([_record(fact, asker)] if asker else ())]


def _ids(fact: Fact, calls: Iterable[Asked | Result]) -> list[Name]:
    """Name tool calls by their ids, within a session."""
    return [(_own_session(fact), call.call_id) for call in calls if call.call_id]


def _words(fact: Fact, calls: Iterable[Asked | Result]) -> list[Name]:
    """Name tool calls by prompt, name and arguments."""
    told = [(call.name, json_text(parsed(call.arguments))) for call in calls if call.name and call.arguments]
    return [(_own_session(fact), fact.prompt, *each) for each in told]


def _record(fact: Fact, key: str) -> Name:
    """Name a record of a fact's session by its key."""
    return (_own_session(fact), key)


def _own_session(fact: Fact) -> str | None:
    return None if (fact.session_id or SYNTHETIC).startswith(SYNTHETIC) else fact.session_id


def news(said: Sequence[Fact]) -> list[Fact]:
    """Leave out what was said before the user spoke last: events of messages repeat the whole conversation."""
    spoke = max((fact.start for fact in said if fact.kind == "message" and fact.prompt), default=-1)
    return [fact for fact in said if fact.start > spoke]
