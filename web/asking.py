"""Read what a page is asked: names in its path, filters in its query."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from api.times import iso, moment
from core.errors import Invalid
from store.protocol import ReadSide
from web.daemon import Daemon

SHOWN: Final = 60
LONGEST: Final = 2_000
"""Characters of a filter's value."""
PERIODS: Final[Mapping[str, timedelta | None]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "all": None,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold one question of a browser."""

    side: ReadSide
    daemon: Daemon
    path: Mapping[str, str]
    query: Mapping[str, str]
    now: datetime

    def text(self, name: str) -> str | None:
        """Read text; None when there is none."""
        found = self.query.get(name, "").strip()
        if len(found) > LONGEST:
            raise Invalid(f"{name} is {len(found)} characters long; at most {LONGEST} are wanted")
        return found or None

    def one_of(self, name: str, words: Collection[str]) -> str | None:
        """Read one of some words."""
        found = self.text(name)
        if found is not None and found not in words:
            raise Invalid(f"{name} is {found[:SHOWN]!r}; one of {', '.join(words)} is wanted")
        return found

    def whole(self, name: str, default: int = 0) -> int:
        """Read a whole number of zero or more."""
        found = self.text(name)
        if found is None:
            return default
        if not (found.isascii() and found.isdigit() and len(found) < SAFE_DIGITS):
            raise Invalid(f"{name} is {found[:SHOWN]!r}; a whole number is wanted")
        return int(found)

    def number(self, name: str) -> float | None:
        """Read a number of zero or more."""
        found = self.text(name)
        try:
            value = None if found is None else float(found)
        except ValueError:
            value = math.nan
        if value is not None and not 0 <= value < math.inf:
            raise Invalid(f"{name} is {str(found)[:SHOWN]!r}; a number of zero or more is wanted")
        return value

    def period(self, default: str) -> str:
        """Read how far back a page looks."""
        return self.one_of("period", PERIODS) or default

    def since(self, period: str) -> str | None:
        """Give the time at which a period begins."""
        span = PERIODS[period]
        return iso(self.now - span) if span else None

    def day(self, name: str) -> str | None:
        """Read a time, as the tables write it."""
        found = self.text(name)
        try:
            return None if found is None else iso(moment(found))
        except (ValueError, OverflowError):
            raise Invalid(f"{name} is {str(found)[:SHOWN]!r}; a time is wanted, such as 2026-01-31") from None

    @property
    def today(self) -> str:
        """Give the time at which the day began, UTC."""
        return iso(self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))

    def link(self, path: str, **changed: Any) -> str:
        """Write an address that asks the same but for what is changed; None takes a filter away."""
        kept = {**self.query, **changed}
        kept.pop("part", None)
        given = {name: value for name, value in kept.items() if value not in {None, ""}}
        return f"{path}?{urlencode(given)}" if given else path


SAFE_DIGITS: Final = 12
