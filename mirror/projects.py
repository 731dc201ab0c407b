"""Say which project a session directory belongs to."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Final

MARK: Final = ".git"
SHELVES: Final = frozenset(("sessions", "agents", "agent-sessions", "agent_sessions", "specs"))
"""Folders that sessions are put into, and that name no project."""


class Homes:
    """Find projects' folders, looking at each folder once."""

    def __init__(self) -> None:
        """Know none yet."""
        self._marked: dict[Path, str] = {}

    def home(self, directory: str, root: str) -> str:
        """Give a project's folder: the nearest that holds a `.git`, else what was synced without the shelves in it."""
        above = Path(directory).parent
        return self._nearest(above) or _unshelved(above if directory == root else Path(root))

    def _nearest(self, folder: Path) -> str:
        """Give the nearest folder with the mark; '' when there is none."""
        found = self._marked.get(folder)
        if found is None:
            above = "" if folder.parent == folder else self._nearest(folder.parent)
            found = self._marked[folder] = str(folder) if os.path.lexists(folder / MARK) else above
        return found


def key(told: str | None, folder: str, known: Mapping[str, str]) -> str:
    """Give a project's key: the one that its session tells, the one its folder is known by, or its folder."""
    return told or known.get(folder) or folder


def _unshelved(folder: PurePath) -> str:
    while folder.name in SHELVES or folder.name.startswith("."):
        folder = folder.parent
    return str(folder)
