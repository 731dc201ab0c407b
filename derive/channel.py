"""Name what the daemon says to its deriving process and to the one that keeps the index of texts, and they to it."""

import marshal
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from schema.derived import Changes


class Order(StrEnum):
    """One of the things that the process does when it is asked to."""

    REBUILD = "rebuild"
    """Derive everything again."""
    PRICES = "prices"
    """Price the calls to come by the prices of now."""
    RECOST = "recost"
    """Price those of the past by them as well."""
    LET_GO = "let_go"
    """Write what is to be written, and hold nothing in memory: something is being erased."""


Ticket = tuple[int, Order]
"""An order and its number, from 1."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Say how far behind the derived tables are: raw rows not read, groups not derived, rows to derive from again.

    `oldest` is when the oldest record that nothing is derived from came, in Unix nanoseconds; 0 when there is none.
    """

    rows: int
    groups: int
    again: int = 0
    oldest: int = 0

    def lag_s(self, now: int) -> float:
        """Say how old the oldest one is; 0 when there is none. `now` is Unix nanoseconds."""
        return max(0, now - self.oldest) / 1e9 if self.oldest else 0.0


@dataclass(frozen=True, slots=True)
class Start:
    """Say what to derive from, and by which rules; times are nanoseconds."""

    path: Path
    grace: int
    idle: int
    park: int


@dataclass(frozen=True, slots=True)
class Apply:
    """Ask for changes to be written; their rows go apart, for which `marshal` takes half the time."""

    changes: Changes
    rows: bytes

    @classmethod
    def of(cls, changes: Changes) -> "Apply":
        """Take changes."""
        return cls(replace(changes, put={}, gone={}), marshal.dumps((changes.put, changes.gone)))

    def whole(self) -> Changes:
        """Give the changes back."""
        put, gone = marshal.loads(self.rows)  # noqa: S302  from our own process, over our own pipe
        return replace(self.changes, put=put, gone=gone)


@dataclass(frozen=True, slots=True)
class Report:
    """Say how far behind this is, how many groups could not be derived, and the last order that is carried out."""

    backlog: Backlog
    failures: int
    done: int


@dataclass(frozen=True, slots=True)
class IndexStart:
    """Say whose texts to index, and how much of the disk to leave free, in bytes and in percent."""

    path: Path
    min_free: int
    min_free_percent: float


@dataclass(frozen=True, slots=True)
class IndexReport:
    """Say how far the index of texts is; it is answered with the last orders to make it anew and to purge it.

    The list of changes `begins` at a place; up to `settled` the index holds them for good. `behind` counts those that
    are not followed, `unread` the rows that are left of a first reading, `failures` texts that were left out.
    """

    begins: int
    settled: int
    behind: int
    unread: int
    failures: int
    done: int
    purged: int = 0
