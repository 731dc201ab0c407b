"""Write values the way the derived tables hold them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import orjson

PREVIEW: Final = 500
"""Characters of a tool call's input and output that are kept (seed 004)."""
LAST_SECOND: Final = 253_402_300_799


def iso(nanoseconds: int) -> str:
    """Write Unix nanoseconds as ISO 8601 UTC with six decimals; a later time than the year 9999 is its end."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1000:06d}Z"


def nanoseconds(text: str) -> int:
    """Read a time that `iso` wrote."""
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000 + int(text[-7:-1]) * 1000


def maybe_iso(nanoseconds: int | None) -> str | None:
    """Write a time that may not be known."""
    return None if nanoseconds is None else iso(nanoseconds)


def milliseconds(start: int, end: int) -> float:
    """Give the time between two times in milliseconds; never negative."""
    return max(0, end - start) / 1e6


def preview(text: str | None) -> str | None:
    """Cut a text to what is kept of a tool call's input or output."""
    return None if text is None else text[:PREVIEW]


def json_text(values: Iterable[object]) -> str:
    """Write a JSON array."""
    return orjson.dumps(list(values)).decode()


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(min(max(seconds, 0), LAST_SECOND), UTC).strftime("%Y-%m-%dT%H:%M:%S")
