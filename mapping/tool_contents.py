"""Read what a tool was given and what it gave back, out of what frameworks wrap around both."""

import re
from dataclasses import dataclass
from typing import Any, Final

from mapping.contents import Contents, cut
from mapping.fields import Reading
from mapping.files import writes
from mapping.hooks import tool_by
from mapping.kinds import tool_in
from mapping.messages import message_of, role_of
from mapping.parts import Result, json_text, says_failed
from mapping.record import parsed
from mapping.reprs import BARE, written_out
from mapping.shapes import SHAPES


@dataclass(slots=True, unsafe_hash=True)
class Tool:
    """Say what a record tells of one tool call; input and output are text, JSON where they are no text themselves."""

    name: str | None
    call_id: str | None
    input: str | None
    output: str | None
    decision: str | None = None
    """Whether it was allowed to run, in the sender's word: accept, reject."""
    writes: tuple[str, ...] = ()
    """The files that it was to write, as it was given them."""

    def filled(self, other: "Tool") -> "Tool":
        """Fill in from another record of the same call what this one does not say."""
        return Tool(
            self.name or other.name,
            self.call_id or other.call_id,
            _fuller(self.input, other.input),
            self.output or other.output,
            self.decision or other.decision,
            self.writes or other.writes,
        )


def _fuller(one: str | None, other: str | None) -> str | None:
    """Take all arguments, as JSON, rather than some of them, or one of them as it is."""
    if one is None or other is None or not other.startswith("{"):
        return one or other
    some, more = (parsed(text) if text.startswith("{") else {} for text in (one, other))
    fuller = isinstance(some, dict) and isinstance(more, dict) and some.keys() < more.keys()
    return other if fuller else one


def tool_of(reading: Reading) -> tuple[Tool, Contents, bool]:
    """Read a tool's record: the call, its texts as recorded, and whether it says itself that the call failed."""
    went_in, came_out = reading.get("tool_calls.input_preview"), reading.get("tool_calls.output_preview")
    emitter = reading.origin.emitter.id
    result = outcome(reading.record.json(came_out), WRAPS.get(emitter))
    name = tool_by(reading, reading.text("tool_calls.name") or tool_in(reading.record.name))
    tool = Tool(
        name,
        reading.text("tool_calls.call_id") or result.call_id,
        json_text(arguments(reading.record.json(went_in), went_in)),
        result.text,
        reading.text("tool_calls.decision"),
        writes(reading, name),
    )
    raw_input, cut_input = cut(went_in)
    raw_output, cut_output = cut(came_out)
    said = Contents(None, None, raw_input, raw_output, cut_input, cut_output)
    failed = reading.get("tool_calls.is_error") is True or result.failed or _ended_badly(emitter, result.text)
    return tool, said, failed


def arguments(value: Any, otherwise: Any) -> Any:
    """Open what stands around arguments; they are given otherwise, as they were sent, when nothing does."""
    if isinstance(value, str):
        told = written_out(value)
        return told if isinstance(told, dict) else otherwise
    if not isinstance(value, dict) or AROUND.isdisjoint(value):
        return otherwise
    if value.keys() == {"args", "kwargs"} and not value["kwargs"]:
        given = value["args"]
        return given[0] if isinstance(given, list) and len(given) == 1 and isinstance(given[0], dict) else otherwise
    if [*value] == ["input"]:
        return arguments(parsed(value["input"]), value["input"])
    for marks, member in INPUTS:
        if marks <= value.keys() and (member != "kwargs" or not value.get("args")):
            inner = parsed(value[member])
            return arguments(inner, inner)
    return otherwise


def outcome(value: Any, wrap: str | None = None) -> Result:
    """Read a result out of a message, a tool's output object, a list of texts, or the member that an emitter adds."""
    if isinstance(value, str) and value.startswith(BARE):
        value = written_out(value)
    failed = isinstance(value, dict) and says_failed(value)
    if isinstance(value, dict) and [wrap] == [*value]:
        value = value[wrap]
    inner = value.get("output") if isinstance(value, dict) else None
    if isinstance(inner, dict) and role_of(inner, "") == "tool":
        value = inner
    for marks, member in OUTPUTS:
        if isinstance(value, dict) and marks <= value.keys():
            value = value[member]
    message = {"role": "tool", "content": value} if isinstance(value, list) else value
    if isinstance(message, dict) and role_of(message, "") == "tool":
        return next(iter(message_of(message, "tool").results), NONE)
    return Result(None, None, json_text(value), failed=failed)


def _ended_badly(emitter: str, text: str | None) -> bool:
    """Read an exit code, or an error's mark, where the emitter writes it: behind the output or in front of it."""
    pattern = ENDINGS.get(emitter, MARKED)
    return text is not None and (pattern.match(text[:400]) or pattern.search(text[-400:])) is not None


NONE: Final = Result(None, None, None)
INPUTS: Final = tuple((frozenset(marks), member) for *marks, member in SHAPES["tool_inputs"])
AROUND: Final = frozenset(("input", *(mark for marks, _ in INPUTS for mark in marks)))
"""Members of which something that stands around arguments has at least one."""
OUTPUTS: Final = tuple((frozenset(marks), member) for *marks, member in SHAPES["tool_outputs"])
WRAPS: Final = {"qwen_code": "output", "gemini_cli": "output", "adk": "result"}
"""Gemini's API wants an object: these put every result that is none into one of a single member."""
MARKED: Final = re.compile(r"\A<tool_error>")
ENDINGS: Final = {
    "codex": re.compile(r"\A(?:Chunk ID: .*\n)?(?:Wall time: .*\n)?(?:Process exited with code|Exit code:) -?[1-9]"),
    "gemini_cli": re.compile(r"^Exit Code: -?[1-9]", re.MULTILINE),
    "qwen_code": re.compile(r"^Exit Code: -?[1-9]", re.MULTILINE),
    "copilot_cli": re.compile(r"completed with exit code -?[1-9]\d*>\s*\Z"),
}
"""Shells whose telemetry calls every command that ran a success."""
