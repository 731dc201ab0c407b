"""Write event times the way the tables hold them."""

from datetime import UTC, datetime
from typing import Final

SECOND: Final = 1_000_000_000
LATEST: Final = (1 << 63) - 1
"""The last event time, Unix nanoseconds, that a row can hold: the year 2262."""


def seconds(at: int) -> str:
    """Write Unix nanoseconds in whole seconds, as seed 000 does: 2025-01-27T14:30:00+00:00."""
    return datetime.fromtimestamp(at // SECOND, UTC).isoformat(timespec="seconds")


def micros(at: int) -> str:
    """Write Unix nanoseconds with six decimals, as the other tables have it: 2025-01-27T14:30:00.000000Z."""
    whole, rest = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06}Z"
