"""Read Python's own writing of objects, `Message(role='user', …)`, which some exporters send instead of JSON.

Objects become dictionaries: keywords are members, and the class gives the type where it is a known one.
Text that does not follow the grammar to its end stays text; nothing is ever run.
"""

import ast
import math
import re
from typing import Any, Final

from mapping.shapes import MAX_DEPTH, SHAPES

MAX_CHARACTERS: Final = 1 << 18
MAX_NESTING: Final = 4 * MAX_DEPTH
LOOKS: Final = re.compile(r"\s*(?:[A-Za-z_][\w.]*\(|(?:[\[{(]\s*)+(?:['\"]|[A-Za-z_][\w.]*\())")
TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>[bru]?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))
    | (?P<number>[-+]?\d[\w.+-]*)
    | <[\w.]+:\s*(?P<value>'(?:[^'\\]|\\.)*'|-?\d+)>
    | (?P<object><[^<>]{0,500}>)
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<sign>[()\[\]{},:=])
    )""",
    re.VERBOSE | re.DOTALL,
)
BARE: Final = ("content='", 'content="', "content=[")
OBJECT: Final = re.compile(r"\s*[A-Z]\w*\(\w+=")
WORDS: Final = {"None": None, "True": True, "False": False}
CLASSES: Final[dict[str, str]] = SHAPES["classes"]
CLOSING: Final = {"(": ")", "[": "]", "{": "}"}


def written_out(value: Any) -> Any:
    """Read text that looks like an object's, None when it is broken; anything else stays what it is."""
    if not isinstance(value, str) or len(value) > MAX_CHARACTERS:
        return value
    bare = value.startswith(BARE)
    if not bare and not LOOKS.match(value):
        return value
    try:
        return _Reader(value).members() if bare else _Reader(value).whole()
    except _Unreadable:
        return None if OBJECT.match(value) else value


class _Unreadable(Exception):
    """The text is no object's."""


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0

    def whole(self) -> Any:
        value = self._value(0)
        if self._at != len(self._text):
            raise _Unreadable
        return value

    def members(self) -> dict[str, Any]:
        """Read a message as LangChain writes it for people: its members alone, parted by blanks."""
        held: dict[str, Any] = {}
        while self._at < len(self._text):
            kind, name = self._token()
            if kind != "name" or not self._takes("="):
                raise _Unreadable
            held[name] = self._value(0)
        return {"type": "tool", **held} if "tool_call_id" in held else held

    def _token(self) -> tuple[str, str]:
        match = TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            raise _Unreadable
        self._at = match.end()
        return match.lastgroup, match[match.lastgroup]

    def _value(self, depth: int) -> Any:
        if depth > MAX_NESTING:
            raise _Unreadable
        kind, told = self._token()
        if kind in ("text", "number", "value"):
            return _literal(told)
        if kind == "object":
            return told
        if kind == "name":
            return self._object(told, depth) if self._takes("(") else WORDS.get(told, told)
        return self._group(told, depth)

    def _takes(self, sign: str) -> bool:
        match = TOKEN.match(self._text, self._at)
        if match is None or match["sign"] != sign:
            return False
        self._at = match.end()
        return True

    def _object(self, name: str, depth: int) -> dict[str, Any]:
        held: dict[str, Any] = {"type": told} if (told := CLASSES.get(name.rpartition(".")[2])) else {}
        while not self._takes(")"):
            start = self._at
            kind, word = self._token()
            if kind == "name" and self._takes("="):
                held[word.lstrip("_")] = self._value(depth + 1)
            else:
                self._at = start
                held.setdefault("content", self._value(depth + 1))
            self._comma(")")
        return held

    def _group(self, sign: str, depth: int) -> Any:
        if sign not in CLOSING:
            raise _Unreadable
        closing = CLOSING[sign]
        listed: list[Any] = []
        named: dict[str, Any] = {}
        while not self._takes(closing):
            value = self._value(depth + 1)
            if self._takes(":"):
                named[str(value)] = self._value(depth + 1)
            else:
                listed.append(value)
            self._comma(closing)
        return named if sign == "{" else listed

    def _comma(self, closing: str) -> None:
        match = TOKEN.match(self._text, self._at)
        if match is None or match["sign"] not in (",", closing):
            raise _Unreadable
        if match["sign"] == ",":
            self._at = match.end()


def _literal(text: str) -> Any:
    """Read a text or a number that JSON can hold; what it cannot hold becomes text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError) as error:
        raise _Unreadable from error
    if isinstance(value, int) and abs(value) < 1 << 63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value).encode(errors="replace").decode()
