"""Read single values of a session's state, whatever they are: what is not understood is None, never an error."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

FORM: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
LONGEST: Final = 4_096
LONGEST_ID: Final = 1_024
LONGEST_KEY: Final = 64
"""Keys of objects are the same again and again, up to this length."""
LONGEST_TIME: Final = 64
LARGEST: Final = (1 << 63) - 1
EARLIEST: Final = 100_000_000
"""A number below this is a count, not a time: it would be before 1973."""
MILLISECONDS: Final = 100_000_000_000
"""A number above this is Unix milliseconds: as seconds it would be the year 5138."""
HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
SEPARATORS: Final = re.compile(r"[\s\-./]+")

Object = Mapping[str, Any]


def plain_name(name: str) -> str:
    """Write a name in one way: `currentPhase` and `Current-Phase` are `current_phase`."""
    return SEPARATORS.sub("_", HUMP.sub("_", name.strip()[:LONGEST_ID])).lower()


@lru_cache(4096)
def _plain_key(key: str) -> str:
    return plain_name(key)


def named(value: object) -> dict[str, Any]:
    """Give an object with its keys in one spelling; of two that become the same the first one counts."""
    if not isinstance(value, Mapping):
        return {}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        name = str(key)
        found.setdefault(_plain_key(name) if len(name) <= LONGEST_KEY else plain_name(name), inner)
    return found


def text(value: object) -> str | None:
    """Read text, or a number as text; blank text is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    told = str(value).strip()
    return told[:LONGEST] or None


def identifier(value: object) -> str | None:
    """Read what names something."""
    told = text(value)
    return None if told is None else told[:LONGEST_ID]


def word(value: object) -> str | None:
    """Read one of few words, such as a status: lower case, spaces and dashes as underscores."""
    told = text(value)
    return None if told is None else plain_name(told)


def whole(value: object) -> int | None:
    """Read a whole number of zero or more."""
    if (
        isinstance(value, str)
        and value.strip().isascii()
        and value.strip().isdigit()
        and len(value) < len(str(LARGEST))
    ):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST else None


def number(value: object) -> float | None:
    """Read a number of zero or more."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= LARGEST else None


def moment(value: object) -> str | None:
    """Read a time, ISO 8601 or Unix seconds or milliseconds; one without a zone is UTC."""
    try:
        if isinstance(value, str) and len(value) <= LONGEST_TIME:
            return iso(datetime.fromisoformat(value.strip()))
        if isinstance(value, bool) or not isinstance(value, int | float) or value < EARLIEST:
            return None
        return iso(datetime.fromtimestamp(value / 1000 if value > MILLISECONDS else value, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def iso(moment: datetime) -> str:
    """Write a time as the tables hold it; one without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime(FORM).rjust(27, "0")


def entries(value: object, *, most: int) -> list[tuple[str | None, Any]]:
    """Give the items of a list, or of an object with their names."""
    if isinstance(value, Mapping):
        return [(str(key), inner) for key, inner in list(value.items())[:most]]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [(None, inner) for inner in value[:most]]
    return []


def iso_nano(nanoseconds: int) -> str | None:
    """Write Unix nanoseconds; None when nobody writes such a time."""
    try:
        return iso(
            datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).replace(
                microsecond=nanoseconds // 1000 % 1_000_000
            )
        )
    except (ValueError, OverflowError, OSError):
        return None
