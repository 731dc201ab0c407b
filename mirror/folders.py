"""Choose which folders to watch: those of sessions, newest first, and those that new sessions may come into."""

import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from mirror.books import Books

MOST: Final = 4_096
"""Folders that are watched; the others are looked through now and then."""


def chosen(roots: Sequence[Path], hopeful: Iterable[Path], held: Books) -> dict[str, int]:
    """Give the folders to watch, each with its number."""
    newest = sorted(held.sessions.items(), key=lambda item: item[1].updated_at, reverse=True)
    places = [path for path, known in newest if not known.missing] + list(held.troubles)
    found = dict.fromkeys(map(str, (*roots, *hopeful)))
    for path in map(Path, places[:MOST]):
        root = root_of(path, roots)
        found[str(path)] = None
        if root is not None:
            found.update(dict.fromkeys(str(folder) for folder in path.parents if folder.is_relative_to(root)))
    numbered = ((path, number(Path(path))) for path in list(found)[:MOST])
    return {path: told for path, told in numbered if told}


def root_of(path: Path, roots: Sequence[Path]) -> Path | None:
    """Give the innermost root that a path is in."""
    found = [root for root in roots if path.is_relative_to(root)]
    return max(found, key=lambda root: len(root.parts), default=None)


def number(path: Path) -> int:
    """Give the number of a folder, which another of the same name does not have; 0 when it is not there."""
    try:
        about = path.stat()
    except OSError:
        return 0
    return about.st_ino if stat.S_ISDIR(about.st_mode) else 0
