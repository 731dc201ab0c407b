"""Read messages that exporters spread over numbered keys, `llm.input_messages.0.message.role` and the like.

A message is put together when it is asked for: most of a long conversation never is.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, overload

from mapping.parts import first
from mapping.record import Attributes, parsed

MAX_MESSAGES: Final = 10_000
MAX_PARTS: Final = 100
SPELLINGS: Final = {
    "input": (("llm.input_messages", "message."), ("gen_ai.prompt", "")),
    "output": (("llm.output_messages", "message."), ("gen_ai.completion", "")),
}
"""The keys' beginning, and what stands behind the number."""
MARKS: Final = (
    "role",
    "content",
    "contents.0.message_content.text",
    "tool_calls.0.id",
    "tool_calls.0.name",
    "function_call.name",
)
STARTS: Final = {
    side: tuple(frozenset(f"{beginning}.0.{infix}{mark}" for mark in MARKS) for beginning, infix in spellings)
    for side, spellings in SPELLINGS.items()
}
"""By which keys a first message is known."""
FUNCTION: Final = (
    ("function_call.name", "function_call_name"),
    ("function_call.arguments", "function_call_arguments_json"),
)
PARTS: Final = ('[{"type"', "[{'type'")
"""How a list of parts begins that was put into a text."""
EMPTY: Final = '""'
"""How exporters that write contents as JSON say that there is no text."""
MEMBERS: Final = ("role", "content", "tool_call_id", "name", "finish_reason")


class Flattened(Sequence[Any]):
    """Hold the messages below a beginning of keys."""

    def __init__(self, attributes: Attributes, beginning: str, infix: str) -> None:
        """Count the messages."""
        self._attributes, self._beginning, self._infix = attributes, beginning, infix
        self._count = next((number for number in range(MAX_MESSAGES) if not self._has(number)), MAX_MESSAGES)

    def __len__(self) -> int:
        """Count the messages."""
        return self._count

    @overload
    def __getitem__(self, number: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, number: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, number: int | slice) -> Any:
        """Put a message together."""
        if isinstance(number, slice):
            return [self._message(each) for each in range(*number.indices(self._count))]
        if not -self._count <= number < self._count:
            raise IndexError(number)
        return self._message(number % self._count)

    def _has(self, number: int) -> bool:
        start = f"{self._beginning}.{number}.{self._infix}"
        return any(start + mark in self._attributes for mark in MARKS)

    def _message(self, number: int) -> dict[str, Any]:
        start = f"{self._beginning}.{number}.{self._infix}"
        told = {key: value for key in MEMBERS if (value := self._attributes.get(start + key)) is not None}
        if told.get("content") == EMPTY:
            del told["content"]
        if str(told.get("content", "")).startswith(PARTS):
            told["content"] = parsed(told["content"])
        elif "content" not in told:
            told["content"] = list(_numbered(lambda part: self._text(f"{start}contents.{part}.message_content.")))
        calls = list(_numbered(lambda call: self._call(f"{start}tool_calls.{call}."))) or self._only(start)
        return {**told, "tool_calls": calls} if calls else told

    def _text(self, start: str) -> dict[str, Any] | None:
        held = self._attributes
        return {"text": held.get(start + "text")} if start + "type" in held or start + "text" in held else None

    def _only(self, start: str) -> list[dict[str, Any]]:
        """Read the one call that OpenAI's API had before it had lists of them."""
        name, given = (first(self._attributes, (start + old, start + flat)) for old, flat in FUNCTION)
        return [] if name is None else [{"name": name, "arguments": given}]

    def _call(self, start: str) -> dict[str, Any] | None:
        start += "tool_call." if start + "tool_call.function.name" in self._attributes else ""
        inner = start + ("function." if start + "function.name" in self._attributes else "")
        if inner + "name" not in self._attributes:
            return None
        names = {"id": start + "id", "name": inner + "name", "arguments": inner + "arguments"}
        return {member: self._attributes.get(key) for member, key in names.items()}


def spelled(keys: Collection[str], side: str) -> tuple[str, str] | None:
    """Say how the messages of a side, input or output, are spelled; None when no key is of that form."""
    for spelling, marks in zip(SPELLINGS[side], STARTS[side], strict=True):
        if not marks.isdisjoint(keys):
            return spelling
    return None


def _numbered(read: Callable[[int], dict[str, Any] | None]) -> Iterator[dict[str, Any]]:
    for number in range(MAX_PARTS):
        part = read(number)
        if part is None:
            return
        yield part
