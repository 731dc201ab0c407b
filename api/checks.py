"""Check what programs tell, field by field: a mistake is told with its place, what is there, and what is wanted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from api.times import iso, moment
from core.errors import Invalid
from pricing.money import nanos
from tracking.vocabulary import Attribute

LARGEST: Final = (1 << 63) - 1
SHOWN: Final = 60
MAX_ID: Final = 1024
"""Characters of an id: it is part of keys and addresses."""


class Fields:
    """Read the fields of one object; every method gives None for what is null or not there, or raises Invalid."""

    def __init__(self, values: object, *, known: Collection[str] | Sequence[Attribute], place: str = "") -> None:
        """Take an object with no fields but the known ones; `place` stands before their names in messages.

        What is known by its description can only be read as what it is described as.
        """
        if not isinstance(values, Mapping):
            raise _wrong(place.rstrip(".") or "the body", values, "an object")
        self._values: Mapping[str, Any] = values
        self._place = place
        self._kinds = {one.field: one.type for one in known if isinstance(one, Attribute)}
        names = [one.field if isinstance(one, Attribute) else one for one in known]
        for name in values:
            if name not in names:
                raise Invalid(f"{place}{str(name)[:SHOWN]} is not known here; the fields are {', '.join(names)}")

    def text(self, name: str) -> str | None:
        """Read text."""
        self._described(name, "text")
        value = self._values.get(name)
        return None if value is None else self._text(name, value)

    def id(self, name: str) -> str | None:
        """Read text that names something: neither empty nor very long."""
        self._described(name, "id")
        value = self._values.get(name)
        if value is None:
            return None
        if not 0 < len(self._text(name, value)) <= MAX_ID:
            raise self._wrong(name, value, f"text of 1 to {MAX_ID} characters")
        return str(value)

    def needed(self, name: str) -> str:
        """Read an id that must be there."""
        self._described(name, "id")
        value = self.id(name)
        if value is None:
            raise Invalid(f"{self._place}{name} is missing; text of 1 to {MAX_ID} characters is wanted")
        return value

    def one_of(self, name: str, words: Collection[str]) -> str | None:
        """Read one of some words."""
        self._described(name, "exit_reason", "ok", "pinned")
        value = self._values.get(name)
        if value is not None and value not in words:
            raise self._wrong(name, value, f"one of {', '.join(words)}")
        return value

    def whole(self, name: str) -> int | None:
        """Read a whole number of zero or more."""
        self._described(name, "whole")
        value = self._values.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST):
            return value
        raise self._wrong(name, value, "a whole number of zero or more")

    def wholes(self, name: str) -> list[int] | None:
        """Read a list of whole numbers of zero or more."""
        self._described(name, "wholes")
        items = self._list(name)
        if items is None:
            return None
        inner = Fields(
            {f"{name}[{at}]": item for at, item in enumerate(items)},
            known=[f"{name}[{at}]" for at in range(len(items))],
            place=self._place,
        )
        found = [inner.whole(f"{name}[{at}]") for at in range(len(items))]
        if None in found:
            raise self._wrong(name, items, "a list of whole numbers")
        return [one for one in found if one is not None]

    def number(self, name: str) -> float | None:
        """Read a number of zero or more."""
        self._described(name, "number")
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return float(value)
        raise self._wrong(name, value, "a number of zero or more")

    def nanos(self, name: str) -> int | None:
        """Read dollars as nano-dollars."""
        self._described(name, "usd")
        value = self._values.get(name)
        found = nanos(value)
        if value is not None and (found is None or isinstance(value, str)):
            raise self._wrong(name, value, "a number of dollars from 0 to 1000000")
        return found

    def truth(self, name: str) -> bool | None:
        """Read true or false."""
        self._described(name, "truth")
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(name, value, "true or false")

    def time(self, name: str) -> str | None:
        """Read a time in ISO 8601, and write it the way the tables hold it."""
        self._described(name, "time")
        value = self._values.get(name)
        if value is None:
            return None
        try:
            return iso(value if isinstance(value, datetime) else moment(value))
        except (TypeError, ValueError, AttributeError, OverflowError):
            raise self._wrong(name, value, "a time in ISO 8601, such as 2026-01-31T12:00:00Z") from None

    def texts(self, name: str) -> list[str] | None:
        """Read a list of texts."""
        self._described(name, "texts")
        items = self._list(name)
        return None if items is None else [self._text(f"{name}[{at}]", item) for at, item in enumerate(items)]

    def objects(self, name: str, *, known: Collection[str]) -> list["Fields"]:
        """Read a list of objects."""
        self._described(name, "tool_calls", "subagents")
        items = self._list(name) or []
        return [Fields(item, known=known, place=f"{self._place}{name}[{at}].") for at, item in enumerate(items)]

    def inner(self, name: str, *, known: Collection[str]) -> "Fields | None":
        """Read an object."""
        self._described(name, "tokens")
        value = self._values.get(name)
        return None if value is None else Fields(value, known=known, place=f"{self._place}{name}.")

    def json(self, name: str) -> str | None:
        """Read any value, and write it as JSON text."""
        self._described(name, "json")
        value = self._values.get(name)
        try:
            return None if value is None else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError as error:
            raise Invalid(f"{self._place}{name} cannot be written as JSON: {error}") from None

    def raw(self, name: str) -> Any:
        """Give a value as it is."""
        return self._values.get(name)

    def _described(self, name: str, *kinds: str) -> None:
        """Make sure that a field is described as what it is read as."""
        kind = self._kinds.get(name)
        assert kind is None or kind in kinds, f"{name} is described as {kind} and read as {kinds[0]}"

    def _list(self, name: str) -> list[Any] | None:
        value = self._values.get(name)
        if value is None or isinstance(value, list):
            return value
        if isinstance(value, tuple | set | frozenset):
            return list(value)
        raise self._wrong(name, value, "a list")

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._wrong(name, value, "text that can be written as UTF-8") from None
        return value

    def _wrong(self, name: str, value: object, wanted: str) -> Invalid:
        return _wrong(f"{self._place}{name}", value, wanted)


def json_text(values: Iterable[object]) -> str:
    """Write a JSON array."""
    return orjson.dumps(list(values)).decode()


def _wrong(place: str, value: object, wanted: str) -> Invalid:
    shown = ascii(value)
    return Invalid(f"{place} is {shown if len(shown) <= SHOWN else shown[:SHOWN] + '…'}; {wanted} is wanted")
