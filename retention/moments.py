"""Write moments the way `created_at` columns have them."""

from datetime import UTC, datetime
from typing import Final

SECOND: Final = 1_000_000_000


def iso(moment: int) -> str:
    """Write Unix nanoseconds as ISO 8601 in whole seconds."""
    return datetime.fromtimestamp(moment // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
