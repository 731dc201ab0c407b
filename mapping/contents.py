"""Give what was said in a record of a model call, an agent's run or a turn: question, answer, tool calls and results.

The messages may be in one attribute, in numbered ones, in span events or in a log record's body;
the first of these that holds any is read, each text once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mapping.fields import Reading
from mapping.flattened import Flattened, spelled
from mapping.frames import words_of
from mapping.hooks import asked_by
from mapping.messages import Message, asked_in, finish_in, message_of, nodes_in, role_of
from mapping.parts import Asked, Result, json_text
from mapping.record import Event, Record, parsed
from mapping.reprs import written_out

MAX_RAW: Final = 4096
"""Bytes kept of what was recorded."""
EMPTY: Final = frozenset(("{}", "[]", "null", '""', ""))
CHOICE: Final = "gen_ai.choice"
SPOKEN: Final = frozenset(
    ("gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message", CHOICE)
)
"""Events that hold one message each."""
NEW_FROM: Final = "pydantic_ai.new_message_index"


@dataclass(slots=True, unsafe_hash=True)
class Contents:
    """Hold what was said; None and empty is not said.

    Of a model call's input only the results since the model's last answer are kept: earlier calls told the others,
    so that what is kept of a conversation grows with its length and not with the square of it.
    """

    prompt: str | None = None
    answer: str | None = None
    raw_input: str | None = None
    raw_output: str | None = None
    cut_input: bool = False
    cut_output: bool = False
    asked: tuple[Asked, ...] = ()
    results: tuple[Result, ...] = ()
    finish: str | None = None


NOTHING: Final = Contents()


def contents_of(reading: Reading, *, is_call: bool, wants_finish: bool) -> Contents:
    """Read a model call, or what is around several; why it ended is looked for only where it is wanted."""
    spoken = [_node_of(event) for event in reading.record.events if event.name in SPOKEN]
    went_in, given = _side(reading, "input", [node for node in spoken if node["event.name"] != CHOICE])
    came_out, gave = _side(reading, "output", [node for node in spoken if node["event.name"] == CHOICE])
    raw_input, cut_input = cut(went_in)
    raw_output, cut_output = cut(came_out)
    prompt, results = _question(_new(reading, given))
    answer, asked, own = _answer(gave, is_call=is_call)
    return Contents(
        reading.text("prompt.text") or words_of(reading.origin, reading.record.scope, prompt),
        reading.text("summary.text") or answer,
        raw_input,
        raw_output,
        cut_input,
        cut_output,
        asked_by(reading, _with_ids(asked or _beside(reading), reading.record, came_out)) if is_call else asked,
        results if is_call else own,
        finish_in(gave[-1:]) or finish_in(reading.record.json(came_out)) if is_call and wants_finish else None,
    )


def said_by(reading: Reading) -> Contents:
    """Read a log event that holds one message."""
    record = reading.record
    told_in = written_out(parsed(record.body))
    held = told_in if isinstance(told_in, dict) else record.attributes
    node = {**held, "event.name": record.name}
    told = message_of(node, "user")
    is_choice = record.name == CHOICE
    return Contents(
        prompt=told.text or None if told.role == "user" else None,
        answer=told.text or None if is_choice else None,
        asked=told.asked if is_choice else (),
        results=told.results,
        finish=finish_in(held) if is_choice else None,
    )


def cut(value: Any) -> tuple[str | None, bool]:
    """Give at most 4,096 bytes of a text, whole characters, and whether there was more."""
    text = json_text(value)
    if text is None or text in EMPTY:
        return None, False
    if len(text) * 4 <= MAX_RAW:
        return text, False
    held = text[: MAX_RAW + 1].encode(errors="replace")
    if len(held) <= MAX_RAW:
        return text, False
    return held[:MAX_RAW].decode(errors="ignore"), True


def _side(reading: Reading, side: str, spoken: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """Give what went in or came out as recorded, and the messages in it."""
    value = reading.get(f"llm.{side}_messages")
    numbered = reading.origin.once(side, lambda origin: spelled(origin.keys, side))
    nodes = (
        (numbered and Flattened(reading.record.attributes, *numbered)) or spoken or nodes_in(reading.record.json(value))
    )
    if value is None and nodes:
        return list(nodes), nodes
    if side == "output" and nodes and isinstance(nodes[-1], dict) and nodes[-1].get("event.name") == CHOICE:
        nodes = [node for node in nodes if isinstance(node, dict) and node.get("event.name") == CHOICE]
    return value, nodes


def _node_of(event: Event) -> dict[str, Any]:
    """Make a message of a span event, which may hold it as JSON text in one attribute."""
    told = parsed(event.attributes.get("gen_ai.event.content"))
    held = told if isinstance(told, dict) else event.attributes
    read = {key: parsed(value) if key in ("message", "content", "tool_calls") else value for key, value in held.items()}
    if isinstance(read.get("message"), str | list):
        read["content"] = read.pop("message")
    return {**read, "event.name": event.name}


def _new(reading: Reading, given: Sequence[Any]) -> Sequence[Any]:
    """Leave out an earlier run's messages, and the answer where it stands behind the question."""
    start = reading.record.attributes.get(NEW_FROM)
    if isinstance(start, int) and 0 < start < len(given):
        given = given[start:]
    while given and isinstance(given[-1], dict) and given[-1].get("event.name") == CHOICE:
        given = given[:-1]
    return given


def _question(nodes: Sequence[Any]) -> tuple[str | None, tuple[Result, ...]]:
    """Find the last thing that the user said, and the results since the model's last answer."""
    results: list[Result] = []
    fresh = True
    for node in reversed(nodes):
        told = message_of(node, "user") if fresh or role_of(node, "user") == "user" else None
        if fresh and told is not None and told.role == "assistant":
            results, fresh = _named(results, told.asked), False
        elif told is not None:
            results.extend(reversed(told.results) if fresh else ())
            if told.role == "user" and told.text:
                return told.text, tuple(reversed(results))
    return None, tuple(reversed(results))


def _named(results: Sequence[Result], asked: Sequence[Asked]) -> list[Result]:
    """Give results the names and arguments of the calls that the question repeats."""
    calls = {call.call_id: call for call in asked if call.call_id}
    return [
        replace(result, name=result.name or call.name, arguments=call.arguments)
        if (call := calls.get(result.call_id or ""))
        else result
        for result in results
    ]


def _answer(nodes: Sequence[Any], *, is_call: bool) -> tuple[str | None, tuple[Asked, ...], tuple[Result, ...]]:
    """Find the last thing that the model said, and the calls and results since the user spoke.

    A model call's messages are one answer: the items of a response, or the pieces of a stream.
    """
    told = list(_since_user(nodes, is_call=is_call))
    told.reverse()
    said = [message.text for message in told if message.text and message.role not in ("user", "tool", "system")]
    if is_call:
        said = ["".join(said or [message.text for message in told])]
    asked = tuple(call for message in told for call in message.asked)
    return (said[-1] or None if said else None), asked, tuple(result for message in told for result in message.results)


def _with_ids(asked: tuple[Asked, ...], record: Record, came_out: Any) -> tuple[Asked, ...]:
    """Give calls that have no ids those of the response as recorded, when it asks for the same ones."""
    if not asked or any(call.call_id for call in asked):
        return asked
    _, told, _ = _answer(nodes_in(record.json(came_out)), is_call=True)
    return told if [call.name for call in told] == [call.name for call in asked] else asked


def _beside(reading: Reading) -> tuple[Asked, ...]:
    """Read tool calls that are recorded beside the answer."""
    return tuple(asked_in(reading.record.json(reading.get("llm.output_tool_calls"))))


def _since_user(nodes: Sequence[Any], *, is_call: bool) -> Iterator[Message]:
    for node in reversed(nodes):
        told = message_of(node, "assistant")
        if told.role == "user" and told.text and not is_call:
            return
        yield told
