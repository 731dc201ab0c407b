"""Read one value of a command as its type says, or say what is wrong with it.

Whole numbers may come as digits in text, true and false as words, lists and objects as JSON text: senders differ.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from tracking.faults import Code, Fault

STATUSES: Final = ("pending", "in_progress", "paused", "completed", "cancelled")
JOB_STATUSES: Final = ("completed", "failed", "cancelled")
OUTCOMES: Final = ("pass", "fail", "inconclusive")
EXIT_REASONS: Final = ("completed", "interrupted", "error", "timeout", "context_limit")
LARGEST: Final = (1 << 63) - 1
MAX_KEY: Final = 1024
"""Characters of what names something."""
MAX_BYTES: Final = 1 << 20
"""Bytes of one value."""
SHOWN: Final = 60
DIGITS: Final = 19

Reader = Callable[[str, Any], Any]
"""Makes a value of a raw one; the name under which it was given is for messages."""


def shown(value: object) -> str:
    """Write a value for a message."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def text(name: str, value: Any) -> str:
    """Read text of any length up to the bound."""
    if not isinstance(value, str):
        raise _bad(name, value, "text")
    return _bounded(name, value)


def key(name: str, value: Any) -> str:
    """Read what names something: text, or a whole number as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = text(name, value)
    if not found:
        raise Fault(Code.MISSING_FIELD, f"{name} is empty", attribute=name)
    if len(found) > MAX_KEY:
        raise Fault(Code.TOO_LARGE, f"{name} has {len(found)} characters, limit {MAX_KEY}", attribute=name)
    return found


def whole(name: str, value: Any) -> int:
    """Read a whole number of zero or more."""
    found = _whole(value)
    if found is None or not 0 <= found <= LARGEST:
        raise _bad(name, value, "a whole number of zero or more")
    return found


def run_no(name: str, value: Any) -> int:
    """Read the number of a run."""
    found = _whole(value)
    if found is None or found > LARGEST:
        raise _bad(name, value, "a whole number")
    if found < 1:
        raise Fault(Code.BAD_RUN_NO, f"{found} is not a run's number; the first is 1", attribute=name)
    return found


def number(name: str, value: Any) -> float:
    """Read a number of zero or more."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not 0 <= found < math.inf:
        raise _bad(name, value, "a number of zero or more")
    return found


def truth(name: str, value: Any) -> bool:
    """Read true or false."""
    found = {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise _bad(name, value, "true or false")
    return found


def texts(name: str, value: Any) -> list[str]:
    """Read a list of texts; one text alone is a list of it."""
    if isinstance(value, str):
        value = _parsed(name, value) if value.lstrip().startswith("[") else [value]
    if not isinstance(value, list | tuple):
        raise _bad(name, value, "a list of texts")
    return [key(f"{name}[{at}]", item) for at, item in enumerate(value)]


def object_text(name: str, value: Any) -> str:
    """Read a JSON object, and write it as text that keeps every character; numbers that JSON has not are null."""
    told = _parsed(name, value) if isinstance(value, str) else value
    if not isinstance(told, Mapping):
        code = Code.BAD_JSON if isinstance(value, str) else Code.BAD_TYPE
        raise Fault(code, f"{name} is {shown(value)}; a JSON object is wanted", attribute=name)
    try:
        return _bounded(name, json.dumps(_finite(told), ensure_ascii=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise Fault(Code.BAD_JSON, f"{name} cannot be written as JSON: {error}", attribute=name) from None


def _one_of(words: tuple[str, ...], code: Code) -> Reader:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Fault(code, f"{shown(value)} is not one of {', '.join(words)}", attribute=name)
        return value

    return read


READERS: Final[Mapping[str, Reader]] = {
    "text": text,
    "key": key,
    "whole": whole,
    "run_no": run_no,
    "number": number,
    "truth": truth,
    "texts": texts,
    "object": object_text,
    "status": _one_of(STATUSES, Code.UNKNOWN_STATUS),
    "job_status": _one_of(JOB_STATUSES, Code.UNKNOWN_STATUS),
    "outcome": _one_of(OUTCOMES, Code.UNKNOWN_OUTCOME),
    "exit_reason": _one_of(EXIT_REASONS, Code.UNKNOWN_EXIT_REASON),
}


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) <= DIGITS and value.isascii() and value.removeprefix("-").isdigit():
        return int(value)
    return value if isinstance(value, int) else None


def _parsed(name: str, value: str) -> Any:
    _bounded(name, value)
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise Fault(Code.BAD_JSON, f"{name} is {shown(value)}; JSON is wanted", attribute=name) from None


def _bounded(name: str, value: str) -> str:
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise _bad(name, ascii(value), "text that can be written as UTF-8") from None
    if size > MAX_BYTES:
        raise Fault(Code.TOO_LARGE, f"{name} has {size} bytes, limit {MAX_BYTES}", attribute=name)
    return value


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _bad(name: str, value: object, wanted: str) -> Fault:
    return Fault(Code.BAD_TYPE, f"{name} is {shown(value)}; {wanted} is wanted", attribute=name)
