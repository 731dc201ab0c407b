"""Read the fields of OTLP/JSON messages: integers, texts, ids, enums, lists.

Senders write JSON by hand, so every reader says what it does with a value of the wrong kind:
mend it and note it, or refuse the item.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import orjson

from schema.items import ItemRefusedError
from schema.json_parse import LongInteger, Parsed
from schema.mend import TOO_DEEP
from schema.values import Notes

MAX_DIGITS = 1000
SAFE_DIGITS_64 = 19
"""A number of so many digits is within 64 bits whatever they are."""
MAX_MAGNITUDE = 40
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
Kept = dict[str, Parsed]


class RoundedError(Exception):
    """Ask for the body to be parsed exactly: a double stands where an integer should, and may be a rounded one."""


@dataclass(slots=True)
class Findings:
    """Gather what is odd about a request: notes on the item being read, one warning for each kind of oddity.

    `exact` says that the parser rounded no integers.
    """

    exact: bool = False
    notes: Notes = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)

    def warn(self, kind: str, sentence: str) -> None:
        """Keep the first sentence of each kind."""
        self.warnings.setdefault(kind, sentence)

    def mended(self, what: str) -> None:
        """Note on the item that something in it was replaced."""
        _add(self.notes, "mended", what)

    def misfit(self, kind: str) -> None:
        """Note on the item that a value did not fit the kind that was claimed for it."""
        _add(self.notes, "misfit", kind)

    def skipped(self, name: str) -> None:
        """Warn of a null in a list of messages (otlp.md J13)."""
        self.warn("null", f"null elements are skipped, first seen in {name}")

    def foreign(self, root: Kept, others: frozenset[str]) -> None:
        """Warn of another signal's envelopes in this one's request: they are unknown keys here, and lost."""
        for key in sorted(others.intersection(root)):
            self.warn(key, f'"{key}" is ignored: this path does not take it')

    def unknown(self, message: Kept, known: frozenset[str]) -> None:
        """Warn of keys in snake_case: OTLP/JSON has lowerCamelCase only, so they are unknown keys (otlp.md J04)."""
        for key in message:
            if key not in known and camel_case(key) in known:
                self.warn("snake_case", f'"{key}" is ignored: OTLP/JSON calls it "{camel_case(key)}"')


def camel_case(key: str) -> str:
    """Spell a field's name as OTLP/JSON does."""
    first, *others = key.split("_")
    return first + "".join(part.capitalize() for part in others)


def integer(value: Parsed, name: str, findings: Findings) -> int:
    """Read an integer sent as a number or a string, never by way of a double, or refuse the item (otlp.md J07, J08)."""
    whole = whole_number(value, findings)
    if whole is None:
        raise ItemRefusedError("invalid_integer", f"{name} is not an integer")
    return whole


def unsigned64(value: Parsed, name: str, findings: Findings) -> int:
    """Read a uint64 or fixed64, or refuse the item; missing or empty is 0."""
    if type(value) is str and len(value) <= SAFE_DIGITS_64 and value.isdigit() and value.isascii():
        return int(value)
    if type(value) is int and value >= 0:
        return value
    return _within(value, name, findings, 0, (1 << 64) - 1)


def unsigned32(value: Parsed, name: str, findings: Findings) -> int:
    """Read a uint32 or fixed32, or refuse the item; missing is 0."""
    if type(value) is int and 0 <= value < 1 << 32:
        return value
    return _within(value, name, findings, 0, (1 << 32) - 1)


def signed32(value: Parsed, name: str, findings: Findings) -> int:
    """Read an int32, or refuse the item; missing is 0."""
    return _within(value, name, findings, -(1 << 31), (1 << 31) - 1)


def signed64(value: Parsed, name: str, findings: Findings) -> int:
    """Read an int64, or refuse the item; missing is 0."""
    return _within(value, name, findings, -(1 << 63), (1 << 63) - 1)


def whole_number(value: Parsed, findings: Findings) -> int | None:
    """Read an integer of any size; None when the value is not one. Refuse the item over thousands of digits."""
    if type(value) is int:
        return value
    if type(value) is float:
        return _whole_double(value, findings)
    if isinstance(value, str):
        return _whole_text(value)
    return None


def double_of(text: str) -> float | None:
    """Read a double sent as a string: in JSON's form, or one of the three that JSON has no word for (otlp.md J11)."""
    if text in ("NaN", "Infinity", "-Infinity"):
        return float(text)
    if len(text) > MAX_DIGITS or not NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if value - value == 0 else None


def double(value: Parsed, name: str) -> float:
    """Read a double, or refuse the item; missing is 0."""
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    found = double_of(value) if isinstance(value, str) else 0.0 if value is None else None
    if found is None:
        raise ItemRefusedError("invalid_double", f"{name} is not a number")
    return found


def string(value: Parsed, name: str, findings: Findings) -> str:
    """Read a string; missing is empty, anything else is kept as text and noted."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    findings.misfit(name)
    return as_text(value)


def as_text(value: Parsed) -> str:
    """Write what did not fit as text: a string as it is, the rest as JSON; refuse the item over an absurd number."""
    if isinstance(value, str):
        if isinstance(value, LongInteger) and len(value) > MAX_DIGITS:
            raise ItemRefusedError("invalid_integer", f"a number has {len(value)} digits")
        return str(value)
    try:
        return repr(value) if type(value) is float else orjson.dumps(value).decode()
    except TypeError:
        return TOO_DEEP


def enum(value: Parsed, names: Mapping[str, int], name: str, findings: Findings) -> int:
    """Read an enum's integer, known or not; a known name is understood, anything else becomes 0 (otlp.md J06)."""
    if type(value) is int and -(1 << 31) <= value < 1 << 31:
        return value
    if value is None:
        return 0
    findings.warn(f"enum {name}", f"{name} is not an integer; names are understood, anything else is taken as 0")
    if type(value) is float and value.is_integer() and abs(value) < 1 << 31:
        return int(value)
    return names.get(value, 0) if type(value) is str else 0


def hexadecimal(value: Parsed) -> bytes | None:
    """Read an id: hexadecimal digits and nothing else, in either case (otlp.md J01, J03); None when it is not that."""
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        return None
    except TypeError:
        return b"" if value is None else None
    return raw if len(raw) * 2 == len(value) else None


def required_hex(value: Parsed, name: str) -> bytes:
    """Read an id that an item cannot be without, or refuse the item (otlp.md J02)."""
    raw = hexadecimal(value)
    if raw is not None:
        return raw
    raise ItemRefusedError(f"invalid_{name}", f"{name} is not hexadecimal")


def optional_hex(value: Parsed, name: str, findings: Findings) -> bytes:
    """Read an id that may be missing; one that is not hexadecimal is noted and dropped."""
    raw = hexadecimal(value)
    if raw is None:
        findings.notes[name] = as_text(value)[:128]
        return b""
    return raw


def kept_hex(value: Parsed) -> str:
    """Read an id that is kept whatever it is: lower-case hexadecimal, or the text that was sent (otlp.md D04)."""
    raw = hexadecimal(value)
    return as_text(value)[:128] if raw is None else raw.hex()


def message(value: Parsed, name: str, findings: Findings) -> Kept:
    """Read a message; missing is empty, and so is anything else, with a warning (PHP writes an empty object as [])."""
    if type(value) is dict:
        return value
    if value is not None and value != []:
        findings.warn("message", f"{name} is not an object and was ignored")
    return {}


def listed(value: Parsed, name: str) -> list[Parsed]:
    """Read a list, or refuse the item; missing is empty."""
    if type(value) is list:
        return value
    if value is None or value == {}:
        return []
    raise ItemRefusedError("not_a_list", f"{name} is not a list")


def messages(value: Parsed, name: str, findings: Findings) -> list[Kept]:
    """Read a list of messages, or refuse the item; null elements are skipped with a warning (otlp.md J13)."""
    items = listed(value, name)
    found = [item for item in items if type(item) is dict]
    if len(found) == len(items):
        return found
    if any(item is not None and type(item) is not dict for item in items):
        raise ItemRefusedError("not_an_object", f"an element of {name} is not an object")
    findings.skipped(name)
    return found


def _add(notes: Notes, name: str, what: str) -> None:
    told = notes.setdefault(name, [])
    if what not in told:
        told.append(what)


def _within(value: Parsed, name: str, findings: Findings, low: int, high: int) -> int:
    if not value:
        return 0
    whole = integer(value, name, findings)
    if not low <= whole <= high:
        raise ItemRefusedError("out_of_range", f"{name} is out of range")
    return whole


def _whole_double(value: float, findings: Findings) -> int | None:
    if not findings.exact and abs(value) >= 1 << 63:
        raise RoundedError
    return int(value) if value.is_integer() else None


def _whole_text(text: str) -> int | None:
    if len(text) > MAX_DIGITS:
        raise ItemRefusedError("invalid_integer", f"a number has {len(text)} digits")
    if not NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    if value.adjusted() > MAX_MAGNITUDE or value != value.to_integral_value():
        return None
    return int(value)
