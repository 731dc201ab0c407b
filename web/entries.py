"""Show one entry with all that was said in it: messages one under the other, other JSON indented, text as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api import reading
from api.pages import Row
from web.asking import Asked
from web.plain import Plain

READ: Final = 2_000_000
"""Characters of JSON that are looked into; longer text is shown as it came."""
MOST_MESSAGES: Final = 400
FIELDS: Final = {"input": "raw_input", "output": "raw_output", "data": "data"}
ROLES: Final = ("role", "type", "author")
CONTENTS: Final = ("content", "parts", "text", "arguments", "result", "response", "output")


@dataclass(frozen=True, slots=True)
class Said:
    """Hold one message, or one text: who said it, of what kind it is."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold an entry."""

    row: Row
    input: Sequence[Said]
    output: Sequence[Said]
    data: Sequence[Said]
    section: str = "sessions"

    @property
    def title(self) -> str:
        """Name the page."""
        return str(self.row["name"] or self.row["type"])


def show(asked: Asked) -> Entry | Plain:
    """Read an entry; with `raw` one of its texts alone, whole."""
    row = reading.entry(asked.side, asked.path["entry_id"])
    raw = asked.one_of("raw", FIELDS)
    if raw:
        return Plain(_text(row[FIELDS[raw]]))
    return Entry(row, said(row["raw_input"]), said(row["raw_output"]), said(row["data"]))


def said(value: Any) -> list[Said]:
    """Take what was said apart: one message after the other where it is messages."""
    told = _parsed(value)
    if told is None or told == "":
        return []
    if isinstance(told, Mapping) and isinstance(told.get("messages"), list):
        told = told["messages"]
    if isinstance(told, list) and told and all(isinstance(one, Mapping) and _role(one) for one in told):
        return [one for message in told[:MOST_MESSAGES] for one in _message(message)]
    return [Said("", _text(told))]


def _message(message: Mapping[str, Any]) -> Iterator[Said]:
    role = str(_role(message))
    parts = message.get("parts", message.get("content"))
    if isinstance(parts, list):
        for part in parts:
            yield Said(_named(role, part), _content(part))
        return
    if isinstance(parts, str) and parts:
        yield Said(role, parts)
    rest = {name: value for name, value in message.items() if name not in {"role", "content", "parts"} and value}
    if rest and not (isinstance(parts, str) and parts and rest.keys() <= {"type", "finish_reason"}):
        yield Said(role, _text(rest))


def _named(role: str, part: Any) -> str:
    kind = part.get("type") if isinstance(part, Mapping) else None
    return f"{role} · {kind}" if kind and kind != "text" else role


def _content(part: Any) -> str:
    if isinstance(part, Mapping):
        found = [part[name] for name in CONTENTS if part.get(name)]
        named = part.keys() - {"type", "text", "content"}
        return _text(found[0]) if found and not named else _text(part)
    return _text(part)


def _role(message: Mapping[str, Any]) -> Any:
    return next((message[name] for name in ROLES if isinstance(message.get(name), str)), None)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str) or value[:1] not in {"{", "["} or len(value) > READ:
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
