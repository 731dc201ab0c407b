"""Read canonical fields from a record by the vocabulary (mapping.md A, `vocabulary.json`).

An entry names the source whose key it is, the key, and how its value is written. The first value wins, never a sum.
Keys may point further: `key#/member` and `key#/0` into JSON text, `@resource:key`, `@spanevent:name:key`,
`@body:member`, `{a,b}` for alternatives.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import orjson

from mapping.emitters import Origin
from mapping.record import Record, parsed

ABSENT = re.compile(r"|<not specified>|<REDACTED>|\[REDACTED\]|\[Scrubbed due to .*")
"""What stands where a value was left out."""
LEFT_OUT = frozenset(("", "<", "["))
"""How that begins."""
CATEGORY = re.compile(r"[A-Za-z_]+(:[A-Za-z0-9_]+)?")
"""A kind of error, such as `ShellError` or `Error:ENOENT`."""
RESPONSE = re.compile(r"[\w-]*[0-9][\w-]*\Z")
FUNCTION = re.compile(r"[\w-]+(?=(\.__call__)?\Z)")
CHOICE = re.compile(r"\{([^{}]*)\}")
SIGNALS = {".span": True, ".log": False}
"""Some sources use a key in spans, or in log records, only."""

Getter = Callable[[Record], Any]
Reader = str | Getter
"""An attribute's key, or what reads a value otherwise."""


class Reading:
    """Read fields of one record."""

    __slots__ = ("_attributes", "_known", "origin", "record")

    def __init__(self, record: Record, origin: Origin) -> None:
        """Read a record as what it is."""
        self.record, self.origin = record, origin
        self._attributes = record.attributes
        self._known = origin.readers[record.is_span]

    def get(self, field: str) -> Any:
        """Give a field's value as it was sent; None when nothing says it."""
        readers = self._known.get(field)
        if readers is None:
            readers = self._readers(field)
        for reader in readers:
            value = self._attributes.get(reader) if isinstance(reader, str) else reader(self.record)
            if value is not None and not (type(value) is str and value[:1] in LEFT_OUT and ABSENT.fullmatch(value)):
                return value
        return None

    def _readers(self, field: str) -> tuple[Reader, ...]:
        """Find what may find the field among the record's keys, and remember it with them."""
        readers = _compiled_readers(field, self.origin.dialects, self.record.is_span)
        found = tuple(reader for key, reader in readers if not key or key in self.origin.keys)
        self._known[field] = found
        return found

    def text(self, field: str) -> str | None:
        """Give a field as text."""
        value = self.get(field)
        return value if value is None or type(value) is str else orjson.dumps(value).decode()

    def whole(self, field: str) -> int | None:
        """Give a field as a whole number, which some write as text; None when it is none, or out of bounds."""
        value = self.get(field)
        return None if value is None else whole(value)


def whole(value: Any) -> int | None:
    """Read a count: not negative, at most 2^53."""
    if type(value) is int:
        return value if 0 <= value <= 1 << 53 else None
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip()
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 17 else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) <= 1 << 53 else None
    return value if isinstance(value, int) and 0 <= value <= 1 << 53 else None


@lru_cache(maxsize=4096)
def _compiled_readers(field: str, dialects: frozenset[str], is_span: bool) -> tuple[tuple[str, Reader], ...]:
    """Give what reads a field, each with the attribute that it needs, empty when it is none."""
    return tuple(
        (needed, reader)
        for source, key, written, *_ in VOCABULARY[field]
        if _applies(source, dialects, is_span)
        for needed, reader in _compiled(key, written)
    )


def keys_of(field: str, dialects: frozenset[str], is_span: bool) -> Iterator[str]:
    """Give the keys that a field is read from, as the vocabulary writes them."""
    for source, key, *_ in VOCABULARY[field]:
        if _applies(source, dialects, is_span):
            yield from _spellings(key)


def _applies(source: str, dialects: frozenset[str], is_span: bool) -> bool:
    for suffix, spans in SIGNALS.items():
        if source.endswith(suffix):
            return spans is is_span and source.removesuffix(suffix) in dialects
    return source in dialects


def _compiled(key: str, written: str) -> Iterator[tuple[str, Reader]]:
    """Give the attribute that each spelling needs, empty when it is none, and what reads it."""
    for spelled in _spellings(key):
        needed = "" if spelled.startswith("@") else spelled.partition("#/")[0]
        yield needed, spelled if needed == spelled and not written else _written(written)(_getter(spelled))


def _spellings(key: str) -> Iterator[str]:
    """Write out `{a,b}`."""
    parts = CHOICE.split(key)
    for chosen in product(*(part.split(",") if number % 2 else [part] for number, part in enumerate(parts))):
        yield "".join(chosen)


def _getter(key: str) -> Getter:
    if key.startswith("@resource:"):
        name = key.removeprefix("@resource:")
        return lambda record: record.resource.get(name)
    if key.startswith("@spanevent:"):
        return _of_event(*key.removeprefix("@spanevent:").partition(":")[::2])
    if key.startswith("@body:"):
        member = key.removeprefix("@body:")
        return lambda record: record.body.get(member) if isinstance(record.body, dict) else None
    if "#/" in key:
        return _inside(*key.split("#/", 1))
    return OWN.get(key) or (lambda record: record.attributes.get(key))


OWN: dict[str, Getter] = {
    "@span.name": lambda record: record.name,
    "@span.status.code": lambda record: record.failed or None,
    "@span.status.message": lambda record: record.message,
}
"""What a record says by itself."""


def _of_event(name: str, key: str) -> Getter:
    """Read the first event of the name that has the key, or say whether there is one."""

    def getter(record: Record) -> Any:
        for event in record.events:
            if event.name == name and (not key or key in event.attributes):
                return event.attributes[key] if key else True
        return None

    return getter


def _member(held: Any, member: str) -> Any:
    if isinstance(held, list):
        return held[int(member)] if member.isdigit() and int(member) < len(held) else None
    return held.get(member) if isinstance(held, dict) else None


def _inside(key: str, path: str) -> Getter:
    members = path.split("/")

    def getter(record: Record) -> Any:
        held = record.json(record.attributes.get(key))
        for member in members:
            held = _member(held, member)
        return held

    return getter


def _written(how: str) -> Callable[[Getter], Getter]:
    name, _, member = how.partition(":")
    return _alone(member) if name == "member" else WRITTEN[how]


def _alone(name: str) -> Callable[[Getter], Getter]:
    return lambda getter: lambda record: None if (value := getter(record)) is None else {name: value}


def _quoted(getter: Getter) -> Getter:
    return lambda record: parsed(getter(record))


def _tail(getter: Getter) -> Getter:
    return lambda record: str(getter(record) or "").rpartition("/")[2]


def _last(getter: Getter) -> Getter:
    return lambda record: str(getter(record) or "").rpartition(".")[2]


def _refused(getter: Getter) -> Getter:
    return lambda record: True if getter(record) in (False, "false", "False") else None


def _bad(getter: Getter) -> Getter:
    return lambda record: True if str(getter(record)).lower() in ("error", "failure", "failed") else None


def _there(getter: Getter) -> Getter:
    return lambda record: True if getter(record) not in (None, "", False) else None


def _texts(getter: Getter) -> Getter:
    return lambda record: value if isinstance(value := getter(record), str) else None


def _subagent(getter: Getter) -> Getter:
    """Read `agent:builtin:Explore` as Explore; what does not begin so names a part of the program."""
    return lambda record: told.rpartition(":")[2] if (told := str(getter(record) or "")).startswith("agent:") else None


def _category(getter: Getter) -> Getter:
    return lambda record: told if CATEGORY.fullmatch(told := str(getter(record) or "")) else None


def _function(getter: Getter) -> Getter:
    """Read `get.__call__` as get; what is no name of a function describes something else."""
    return lambda record: told[0] if (told := FUNCTION.match(str(getter(record) or ""))) and told[0] else None


def _class(getter: Getter) -> Getter:
    """Read Python's writing of a class, `<class 'a.B'>`, as its name."""
    return lambda record: told[8:-2] if str(told := getter(record)).startswith("<class '") else told


def _response(getter: Getter) -> Getter:
    return lambda record: told if RESPONSE.match(told := str(getter(record) or "")) else None


WRITTEN: dict[str, Callable[[Getter], Getter]] = {
    "": lambda getter: getter,
    "json": _quoted,
    "tail": _tail,
    "last": _last,
    "text": _texts,
    "subagent": _subagent,
    "category": _category,
    "function": _function,
    "response": _response,
    "class": _class,
    "not": _refused,
    "error": _bad,
    "any": _there,
}
"""How a value may be written: as it is, as JSON text, behind a slash, behind a dot, as text only, behind `agent:`, as a
kind of error, as a function that is called, as a response's id, as a class; as a success that is none, as the word
error, as anything at all, which the last three give as True. `member:command` is what is one member of the whole, and
is given as an object of that alone."""


VOCABULARY: dict[str, list[list[str]]] = json.loads((Path(__file__).parent / "vocabulary.json").read_text())
