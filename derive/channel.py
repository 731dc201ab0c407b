"""Name what the daemon and its deriving process say to each other."""

from dataclasses import dataclass
from pathlib import Path

from schema.derived import Changes


@dataclass(frozen=True, slots=True)
class Backlog:
    """Say how far behind the derived tables are: raw rows not read, groups not derived, rows to derive from again."""

    rows: int
    groups: int
    again: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """Say what to derive from, and by which rules; times are nanoseconds."""

    path: Path
    grace: int
    idle: int


@dataclass(frozen=True, slots=True)
class Apply:
    """Ask for changes to be written."""

    changes: Changes


@dataclass(frozen=True, slots=True)
class Report:
    """Say how far behind this is, and how many groups could not be derived."""

    backlog: Backlog
    failures: int
