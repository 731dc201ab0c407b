"""Read what was said to a model and what it said, in one shape, whoever wrote it down.

A conversation is found inside whatever an API, a framework or an exporter wraps around it; what is in no known shape
gives no messages. Work is bounded: by depth, by the number of messages, and each is read only when it is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mapping.parts import (
    ANSWERS,
    ASKS,
    MAX_PARTS,
    SILENT,
    Asked,
    Parts,
    Result,
    asked_of,
    first,
    kind_of_part,
    result_of,
    result_text,
    word,
)
from mapping.record import parsed
from mapping.reprs import written_out
from mapping.shapes import MAX_DEPTH, SHAPES

MAX_MESSAGES: Final = 2_000
"""Of a longer conversation only the end is read."""
MAX_NODES: Final = 5_000
"""Things looked at to find messages, and to find why a response ended."""
MAX_FINISH: Final = 200
ROLES: Final[dict[str, str]] = SHAPES["roles"]
CONTENTS: Final = tuple(SHAPES["contents"])
HOLDERS: Final = tuple(SHAPES["holders"])
FINISHES: Final = tuple(SHAPES["finishes"])
FINISH_HOLDERS: Final = tuple(SHAPES["finish_holders"])
CALLS: Final = ("tool_calls", "toolCalls", "function_call")
CALLING: Final = frozenset((*CALLS, "additional_kwargs"))
"""Members of a message that may hold calls."""
CALL: Final = {"name", "args"}
"""Members of a tool call that a scheduler was given; nothing in it is anybody's word."""
ITEMS: Final = ASKS | ANSWERS | SILENT
"""What stands beside messages in a list of them, not inside."""


@dataclass(slots=True, unsafe_hash=True)
class Message:
    """Hold one message; `results` are of tool calls. The role is user, assistant, system, tool, or as sent."""

    role: str
    text: str
    asked: tuple[Asked, ...] = ()
    results: tuple[Result, ...] = ()


def nodes_in(value: Any) -> Sequence[Any]:
    """Find the messages in what was recorded, as they were written; none when it is in no known shape."""
    return _Search().nodes(value, 0)


class _Search:
    """Look for messages, at no more than so many things."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def nodes(self, value: Any, depth: int) -> Sequence[Any]:
        """Give the messages at or below a value."""
        self._left -= 1
        value = written_out(parsed(value))
        if depth > MAX_DEPTH or self._left < 0 or not value:
            return ()
        if isinstance(value, list):
            return self._listed(value[-MAX_MESSAGES:], depth)
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, dict) or value.keys() >= CALL:
            return ()
        if _is_message(value):
            return (value,)
        held = (self.nodes(value[key], depth + 1) for key in HOLDERS if value.get(key))
        return next((nodes for nodes in held if nodes), ())

    def _listed(self, value: list[Any], depth: int) -> Sequence[Any]:
        if _is_pair(value):
            return (value,)
        if isinstance(value[0], str) or (isinstance(value[0], dict) and _is_message(value[0])):
            return value
        found: list[Any] = []
        for part in value:
            found.extend((part,) if _is_pair(part) else self.nodes(part, depth + 1))
        return found


def role_of(node: Any, otherwise: str) -> str:
    """Give a message's role, or the one that it has when it names none."""
    node = written_out(node)
    if isinstance(node, list):
        return ROLES.get(node[0].lower(), otherwise) if _is_pair(node) else otherwise
    if not isinstance(node, dict):
        return otherwise
    told = kind_of_part(node)
    if told in ITEMS:
        return "tool" if told in ANSWERS else "assistant"
    return _role(_opened(node)[0], otherwise)


def _role(named: str, otherwise: str) -> str:
    return ROLES.get(named) or ROLES.get(named.lower(), named) or otherwise


def message_of(node: Any, otherwise: str) -> Message:
    """Read one message; one that names no role has the other."""
    node = written_out(node)
    parts = Parts()
    if isinstance(node, dict) and kind_of_part(node) not in ITEMS:
        named, inner = _opened(node)
        role = _role(named, otherwise)
        _read(inner, role, parts)
    else:
        role = role_of(node, otherwise)
        parts.read(node[1] if isinstance(node, list) and _is_pair(node) else node)
    if parts.results and not parts.texts and not parts.asked:
        role = "tool"
    return Message(role, "".join(parts.texts), tuple(parts.asked), tuple(parts.results))


def asked_in(listed: Any) -> list[Asked]:
    """Read a list of tool calls, or one."""
    if isinstance(listed, dict):
        listed = [listed]
    return [asked_of(call) for call in listed[:MAX_PARTS] if isinstance(call, dict)] if isinstance(listed, list) else []


def finish_in(value: Any) -> str | None:
    """Find why a response ended, in the provider's word, as near to its surface as it is."""
    queue = [value]
    for held in queue:
        node = written_out(parsed(held))
        if isinstance(node, dict):
            told = word(first(node, FINISHES)) or _status(node)
            if told:
                return told
            queue.extend(node[key] for key in FINISH_HOLDERS if key in node)
        elif isinstance(node, list):
            queue.extend(reversed(node[-MAX_DEPTH:]))
        del queue[MAX_FINISH:]
    return None


def _read(inner: dict[str, Any], role: str, parts: Parts) -> None:
    content = first(inner, CONTENTS)
    parts.read(content)
    if role == "tool" and not parts.results:
        text, failed = result_text(content)
        parts.results.append(result_of(inner, text, failed=failed))
        parts.texts.clear()
    if not CALLING.isdisjoint(inner):
        known = {asked.call_id for asked in parts.asked if asked.call_id}
        parts.asked.extend(asked for asked in _calls(inner) if asked.call_id not in known)


def _calls(inner: dict[str, Any]) -> list[Asked]:
    """Read the tool calls that stand beside a message's content."""
    extra = inner.get("additional_kwargs")
    held = inner if first(inner, CALLS) or not isinstance(extra, dict) else extra
    return asked_in(parsed(first(held, CALLS)))


def _opened(node: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give a message's role as sent, and the message inside what LangChain, a choice or a candidate puts around it."""
    if "role" in node:
        return _named(node), node
    for key in ("kwargs", "data", "message", "content"):
        inner = node.get(key)
        if isinstance(inner, dict):
            return _named(inner) or _class(node) or _named(node), inner
    return _named(node), node


def _class(node: dict[str, Any]) -> str:
    path = node.get("id")
    return path[-1] if isinstance(path, list) and path and isinstance(path[-1], str) else ""


def _named(node: dict[str, Any]) -> str:
    role = node.get("role")
    if isinstance(role, str) and role:
        return role
    told = node.get("type") or node.get("event.name")
    return told if isinstance(told, str) and told.lower() in ROLES else ""


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(part, str) for part in value)
        and value[0].lower() in ROLES
    )


def _is_message(value: dict[str, Any]) -> bool:
    """Know a message by its role, its parts, or what it says it is."""
    if "role" in value or "parts" in value or "content" in value or not value.keys().isdisjoint(CALLS):
        return True
    told = kind_of_part(value)
    if told in ITEMS or told.lower() in ROLES:
        return True
    return ("lc" in value and isinstance(value.get("kwargs"), dict)) or (
        isinstance(value.get("message"), dict) and not value.keys().isdisjoint(("index", *FINISHES))
    )


def _status(value: dict[str, Any]) -> str | None:
    """Read how a response of OpenAI's Responses API ended."""
    if value.get("object") != "response":
        return None
    details = value.get("incomplete_details")
    return word(details.get("reason")) if isinstance(details, dict) else word(value.get("status"))
