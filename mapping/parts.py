"""Read the parts of a message: texts, tool calls asked for, and tools' results, by the names that APIs give them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from mapping.record import parsed
from mapping.reprs import written_out
from mapping.shapes import MAX_DEPTH, SHAPES

MAX_PARTS: Final = 1_000
"""Parts of one message that are read."""
MAX_RESULT: Final = 4096
"""Characters kept of a tool's result: the tool's own record, where there is one, holds the whole."""


@dataclass(slots=True, unsafe_hash=True)
class Asked:
    """Hold a tool call that a model asked for; the arguments are JSON text. None is not said."""

    call_id: str | None
    name: str | None
    arguments: str | None


@dataclass(slots=True, unsafe_hash=True)
class Result:
    """Hold what a tool call gave back, as the next question to the model tells; None is not said."""

    call_id: str | None
    name: str | None
    text: str | None
    failed: bool = False
    arguments: str | None = None
    """What was asked for, as the question repeats it."""


@dataclass(slots=True)
class Parts:
    """Gather what a message's parts hold."""

    texts: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    left: int = MAX_PARTS

    def read(self, content: Any, depth: int = 0) -> None:
        """Read a text, a part, or a list of them."""
        self.left -= 1
        if isinstance(content, str):
            self._text(content)
        elif isinstance(content, list) and depth < MAX_DEPTH:
            for part in content[: max(self.left, 0)]:
                self.read(part, depth + 1)
        elif isinstance(content, dict) and depth < MAX_DEPTH:
            self._part(content, depth)

    def _text(self, text: str) -> None:
        """Read a text; some exporters put an answer without any into one, as Python writes it."""
        told = written_out(text) if text.startswith(WRITTEN) else None
        calls = told.get("tool_calls") if isinstance(told, dict) else None
        if isinstance(told, dict) and kind_of_part(told) in ASKS:
            self.asked.append(asked_of(told))
        elif isinstance(told, dict) and isinstance(calls, list):
            self.texts.extend(part for part in (told.get("content"),) if isinstance(part, str))
            self.asked.extend(asked_of(call) for call in calls[:MAX_PARTS] if isinstance(call, dict))
        else:
            self.texts.append(text)

    def _part(self, part: dict[str, Any], depth: int) -> None:
        told = kind_of_part(part)
        if told in ASKS:
            self.asked.append(asked_of(part))
        elif told in ANSWERS:
            self._result(part)
        elif MEMBERS.isdisjoint(part):
            self._said(part, told, depth)
        elif (inner := _member(part, ASK_MEMBERS)) is not None:
            self.asked.append(asked_of(inner))
        elif (inner := _member(part, ANSWER_MEMBERS)) is not None:
            self._result(inner)
        else:
            self._said(part, told, depth)

    def _said(self, part: dict[str, Any], told: str, depth: int) -> None:
        if told not in SILENT and not part.get("thought"):
            self.read(first(part, ("text", "content")), depth + 1)

    def _result(self, part: dict[str, Any]) -> None:
        text, failed = result_text(first(part, RESULTS))
        self.results.append(result_of(part, text, failed=failed))


def kind_of_part(part: dict[str, Any]) -> str:
    """Give what a part says it is."""
    told = part.get("type")
    return told if isinstance(told, str) else ""


def asked_of(node: dict[str, Any]) -> Asked:
    """Read a tool call."""
    inner = _member(node, ("tool_call", "function")) or node
    call_id = word(first(node, IDS)) or word(first(inner, IDS))
    inner = _member(inner, ("function",)) or inner
    return Asked(call_id, word(first(inner, NAMES)), json_text(first(inner, ARGUMENTS)))


def result_of(node: dict[str, Any], text: str | None, *, failed: bool = False) -> Result:
    """Read whose result a text is."""
    origin = _member(node, ("origin",)) or {}
    return Result(
        word(first(node, IDS)) or word(first(origin, IDS)),
        word(first(node, NAMES)) or word(first(origin, NAMES)),
        text and text[:MAX_RESULT],
        failed=failed or says_failed(node),
        arguments=json_text(first(origin, ARGUMENTS)),
    )


def result_text(value: Any) -> tuple[str | None, bool]:
    """Give a result as text, out of what APIs wrap around it, and whether the wrapping calls it an error."""
    failed = False
    for _ in range(MAX_DEPTH):
        failed = failed or (isinstance(value, dict) and says_failed(value))
        inner = _unwrapped(value)
        if inner is None:
            break
        value = inner
    return json_text(value), failed


def unwrapped(result: Result) -> Result:
    """Open a result that was put into an object of one member, as Gemini's API wants it, and written as text."""
    held = parsed(result.text)
    member = next(iter(held)) if isinstance(held, dict) and len(held) == 1 else None
    if member not in WRAPPINGS:
        return result
    return replace(result, text=json_text(held[member]), failed=result.failed or member == "error")


def says_failed(node: dict[str, Any]) -> bool:
    """Say whether a result calls itself an error."""
    return (
        any(node.get(key) is True for key in ("is_error", "isError", "error"))
        or node.get("status") == "error"
        or node.get("success") is False
        or kind_of_part(node) in FAILURES
    )


def json_text(value: Any) -> str | None:
    """Give text as it is, and anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def first(node: dict[str, Any], keys: Iterable[str]) -> Any:
    """Give the first member that is there and not null."""
    for key in keys:
        value = node.get(key)
        if value is not None:
            return value
    return None


def word(value: Any) -> str | None:
    """Give a name or an id; None for anything else."""
    return value if isinstance(value, str) and value else None


def _unwrapped(value: Any) -> Any:
    """Open `{"result": …}`, `{"type": "text", "value": …}`, `{"content": …, "isError": …}` and lists of texts."""
    if isinstance(value, list):
        texts = [_text(part) for part in value]
        return "".join(map(str, texts)) if texts and None not in texts else None
    if not isinstance(value, dict):
        return None
    if kind_of_part(value) in VALUES and "value" in value:
        return value["value"]
    if len(value) == 1 or "isError" in value or kind_of_part(value) in TEXTS:
        return first(value, ("result", "output", "content", "text", "error"))
    return None


def _text(part: Any) -> str | None:
    if not isinstance(part, dict):
        return part if isinstance(part, str) else None
    return word(first(part, ("text", "content"))) if part.get("type", "text") in TEXTS else None


def _member(part: dict[str, Any], keys: Iterable[str]) -> dict[str, Any] | None:
    for key in keys:
        value = part.get(key)
        if isinstance(value, dict):
            return value
    return None


TEXTS: Final = frozenset(SHAPES["texts"])
ASKS: Final = frozenset(SHAPES["asks"])
ANSWERS: Final = frozenset(SHAPES["answers"])
WRITTEN: Final = (
    "{'content': ",
    "{'role': ",
    *(f"{name}(" for name, kind in SHAPES["classes"].items() if kind in ASKS),
)
"""How Python's writing of an answer, or of a tool call in one, begins."""
SILENT: Final = frozenset(SHAPES["silent"])
ASK_MEMBERS: Final = tuple(SHAPES["ask_members"])
ANSWER_MEMBERS: Final = tuple(SHAPES["answer_members"])
MEMBERS: Final = frozenset((*ASK_MEMBERS, *ANSWER_MEMBERS))
IDS: Final = tuple(SHAPES["ids"])
NAMES: Final = tuple(SHAPES["names"])
ARGUMENTS: Final = tuple(SHAPES["arguments"])
RESULTS: Final = tuple(SHAPES["results"])
WRAPPINGS: Final = frozenset(("result", "output", "error"))
VALUES: Final = frozenset(("text", "json", "content", "error-text", "error-json"))
FAILURES: Final = frozenset(("error-text", "error-json", "tool-error"))
