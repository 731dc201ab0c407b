"""Read and write times the way the tables hold them: ISO 8601 in UTC with six decimals."""

from datetime import UTC, datetime
from typing import Final

FORM: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def iso(moment: datetime) -> str:
    """Write a time; one without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime(FORM).rjust(27, "0")


def moment(text: str) -> datetime:
    """Read a time from ISO 8601 text, or raise ValueError; one without a zone is UTC."""
    found = datetime.fromisoformat(text.strip())
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def iso_nano(nanoseconds: int | None) -> str | None:
    """Write Unix nanoseconds; None when there is no time, or none that people write."""
    if not nanoseconds:
        return None
    try:
        seconds, rest = divmod(nanoseconds, 1_000_000_000)
        return iso(datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000))
    except (ValueError, OverflowError, OSError):
        return None


def between_ms(start: str | None, end: str | None) -> float | None:
    """Give the milliseconds between two times; None when one of them is not known."""
    if not start or not end:
        return None
    try:
        return (moment(end) - moment(start)).total_seconds() * 1000
    except ValueError:
        return None
