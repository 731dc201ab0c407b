"""Read attribute values from OTLP/JSON."""

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Final

from schema.json_fields import Findings, Kept, as_text, double_of, messages, whole_number
from schema.json_parse import LongInteger, Parsed
from schema.mend import MAX_DEPTH, TOO_DEEP
from schema.values import SIGNED_63, Plain, from_bytes, from_double, from_kvlist

SAFE_DIGITS_63 = 18
"""A number of so many digits is within 63 bits whatever they are."""
RESOURCE: Final = 3
SCOPE: Final = 3
BODY: Final = 1
ITEM: Final = 2
EVENT: Final = 3
POINT: Final = 4
EXEMPLAR: Final = 5
"""How many messages stand above a value in each of these places, down from the one that protobuf's parser is given.

That is the envelope, the scope or the item. A value is replaced where that parser could not take it (otlp.md P05).
"""

KEYS = frozenset(("key", "value", "keyStrindex"))
URL_SAFE = str.maketrans("-_", "+/")
"""URL-safe base64 is read as the standard one (otlp.md J14)."""


def attributes(pairs: Parsed, findings: Findings, depth: int = ITEM) -> dict[str, Plain]:
    """Read attributes whose values stand at `depth`; of equal keys the last wins, the others are noted (otlp.md D11).

    The loop knows only what exporters write; whatever is odd is read again, carefully.
    """
    found: dict[str, Plain] = {}
    try:
        for pair in pairs:
            key, value = pair["key"], pair["value"]
            if type(key) is not str or not key:
                return _carefully(pairs, findings, depth)
            if "stringValue" in value and type(inner := value["stringValue"]) is str:
                found[key] = inner
            else:
                ((kind, inner),) = value.items()
                found[key] = READERS[kind](inner, findings, depth)
    except (AttributeError, KeyError, TypeError, ValueError):
        return _carefully(pairs, findings, depth)
    if len(found) != len(pairs):
        _note_duplicates(findings, len(pairs) - len(found))
    return found


def plain(value: Parsed, findings: Findings, depth: int) -> Plain:
    """Read an AnyValue; None when it is empty. Of several kinds at once a string wins, then the first in READERS."""
    if value is None:
        return None
    if type(value) is not dict:
        return _bare(value, findings, depth)
    if not KINDS.issuperset(value):
        findings.unknown(value, KINDS)
    kind = next((kind for kind in READERS if value.get(kind) is not None), None)
    return READERS[kind](value[kind], findings, depth) if kind else None


Read = Callable[[Parsed, Findings, int], Plain]


def _string(inner: Parsed, findings: Findings, _depth: int) -> Plain:
    return inner if type(inner) is str else _misfit("stringValue", inner, findings)


def _int(inner: Parsed, findings: Findings, _depth: int) -> Plain:
    """Read an int; a double too large for one is kept as the double it is (otlp.md J09)."""
    if type(inner) is int and -SIGNED_63 <= inner <= SIGNED_63:
        return inner
    if type(inner) is str and len(inner) <= SAFE_DIGITS_63 and inner.isdigit() and inner.isascii():
        return int(inner)
    whole = whole_number(inner, findings)
    if whole is not None and -SIGNED_63 - 1 <= whole <= SIGNED_63:
        return whole
    if type(inner) is float and whole is not None:
        findings.misfit("intValue")
        return inner
    return _misfit("intValue", inner, findings)


def _bool(inner: Parsed, findings: Findings, _depth: int) -> Plain:
    return inner if type(inner) is bool else _misfit("boolValue", inner, findings)


def _double(inner: Parsed, findings: Findings, _depth: int) -> Plain:
    if type(inner) is float or type(inner) is int:
        return from_double(float(inner))
    value = double_of(inner) if isinstance(inner, str) else None
    return _misfit("doubleValue", inner, findings) if value is None else from_double(value)


def _bytes(inner: Parsed, findings: Findings, _depth: int) -> Plain:
    """Read base64, standard or URL-safe, padded or not; what is not base64 becomes the empty value (otlp.md J14)."""
    if type(inner) is not str:
        return _misfit("bytesValue", inner, findings)
    digits = inner.translate(URL_SAFE).rstrip("=")
    try:
        return from_bytes(b64decode(digits + "=" * (-len(digits) % 4), validate=True))
    except (binascii.Error, ValueError):
        findings.misfit("bytesValue")
        return None


def _array(inner: Parsed, findings: Findings, depth: int) -> Plain:
    values = _values(inner)
    if values is None:
        return _misfit("arrayValue", inner, findings)
    if depth + 1 + bool(values) > MAX_DEPTH:
        return _too_deep(findings)
    if None in values:
        findings.skipped("arrayValue.values")
    return [plain(value, findings, depth + 2) for value in values if value is not None]


def _kvlist(inner: Parsed, findings: Findings, depth: int) -> Plain:
    values = _values(inner)
    if values is None or not all(value is None or type(value) is dict for value in values):
        return _misfit("kvlistValue", inner, findings)
    pairs = messages(values, "kvlistValue.values", findings)
    if depth + 1 + bool(pairs) + any(pair.get("value") is not None for pair in pairs) > MAX_DEPTH:
        return _too_deep(findings)
    return from_kvlist({_key(pair, findings): plain(pair.get("value"), findings, depth + 3) for pair in pairs})


READERS: dict[str, Read] = {
    "stringValue": _string,
    "intValue": _int,
    "boolValue": _bool,
    "doubleValue": _double,
    "arrayValue": _array,
    "kvlistValue": _kvlist,
    "bytesValue": _bytes,
    "stringValueStrindex": lambda _inner, _findings, _depth: None,
}
"""A string index means something in profiles only; elsewhere the value counts as empty (otlp.md P02)."""

KINDS = frozenset(READERS)


def _too_deep(findings: Findings) -> Plain:
    """Give the word that stands for a value which holds, or is, a message too deep for protobuf's parser."""
    findings.mended("depth")
    return TOO_DEEP


def _misfit(kind: str, inner: Parsed, findings: Findings) -> Plain:
    """Keep a value that is not of its kind as text; null is the empty value (otlp.md J10, reliability.md row 39)."""
    if inner is None:
        return None
    text = as_text(inner)
    findings.misfit(kind)
    return text


def _values(inner: Parsed) -> list[Parsed] | None:
    """Give the elements of an ArrayValue or a KeyValueList; None when it is not one."""
    if type(inner) is not dict:
        return None
    values = inner.get("values")
    return [] if values is None else values if type(values) is list else None


def _key(pair: Kept, findings: Findings) -> str:
    if not KEYS.issuperset(pair):
        findings.unknown(pair, KEYS)
    key = pair.get("key", "")
    return key if type(key) is str else _odd_key(key, findings)


def _odd_key(key: Parsed, findings: Findings) -> str:
    if key is None:
        return ""
    findings.misfit("key")
    return as_text(key)


def _carefully(pairs: Parsed, findings: Findings, depth: int) -> dict[str, Plain]:
    """Read attributes that are not quite as they should be."""
    if type(pairs) is dict:
        return _by_hand(pairs, findings, depth)
    held = messages(pairs, "attributes", findings)
    found = {_key(pair, findings): plain(pair.get("value"), findings, depth) for pair in held}
    if len(found) != len(held):
        _note_duplicates(findings, len(held) - len(found))
    if "" in found:
        _without_key(held, found, findings)
    return found


def _without_key(pairs: list[Kept], found: dict[str, Plain], findings: Findings) -> None:
    """Drop attributes whose key is an index into a table that only profiles have (otlp.md P02)."""
    indexed = sum(1 for pair in pairs if pair.get("keyStrindex") and not pair.get("key"))
    if indexed:
        findings.notes["keysByIndex"] = indexed
        del found[""]


def _note_duplicates(findings: Findings, number: int) -> None:
    findings.notes["duplicateKeys"] = findings.notes.get("duplicateKeys", 0) + number


def _by_hand(pairs: Kept, findings: Findings, depth: int) -> dict[str, Plain]:
    """Read attributes sent as one object of names and values, as exporters written by hand do (pains.md 32)."""
    if pairs:
        findings.warn("by hand", "attributes are an object; OTLP/JSON has a list of key and value")
        findings.notes["attributesByHand"] = len(pairs)
    return {key: _bare(value, findings, depth) for key, value in pairs.items()}


def _bare(value: Parsed, findings: Findings, depth: int) -> Plain:
    """Read a value that says nothing of its kind."""
    if depth > MAX_DEPTH:
        return _too_deep(findings)
    if type(value) is list:
        return [_bare(item, findings, depth + 2) for item in value]
    if type(value) is dict:
        return _bare_object(value, findings, depth)
    findings.warn("bare value", 'a value does not say its kind, as in {"stringValue": …}')
    return _bare_scalar(value, findings)


def _bare_object(value: Kept, findings: Findings, depth: int) -> Plain:
    if len(value) == 1 and not KINDS.isdisjoint(value):
        return plain(value, findings, depth)
    return from_kvlist({key: _bare(inner, findings, depth + 3) for key, inner in value.items()})


def _bare_scalar(value: Parsed, findings: Findings) -> Plain:
    if type(value) is float:
        whole_number(value, findings)
        return from_double(value)
    if isinstance(value, LongInteger) or (type(value) is int and value > SIGNED_63):
        return _misfit("number", value, findings)
    return value
