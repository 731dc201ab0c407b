"""Find session directories below a folder: those that hold a `state.json`. No link is followed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from mirror.fields import STATE

DEPTH: Final = 8
MOST: Final = 50_000
"""Folders that are looked into below one path."""
HOMES: Final = frozenset(("sessions",))
"""Below a folder with a `state.json` of its own, session directories stand in folders of this name alone."""
PASSED_OVER: Final = frozenset(
    (
        ".git",
        "node_modules",
        ".venv",
        "venv",
        "__pycache__",
        ".tox",
        ".mypy_cache",
        ".ruff_cache",
        ".cache",
        "site-packages",
    )
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Say what could not be looked into, and why: nothing is known of what is below it."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    depth: int
    inside: bool


def find(root: str) -> Iterator[str | Obstacle]:
    """Give session directories, and what could not be looked into; a root that is not there has neither."""
    waiting, seen = [_Place(root, 0, inside=False)], 0
    while waiting:
        place = waiting.pop()
        seen += 1
        if seen > MOST:
            yield Obstacle(root, f"has more than {MOST} folders; name the folders of the sessions themselves")
            return
        try:
            below, holds_state = _look(place.path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            name = _writable(place.path)
            yield name if isinstance(name, Obstacle) else Obstacle(name, f"cannot be listed: {error.strerror}")
            continue
        if holds_state and not (place.inside and PurePath(place.path).parent.name not in HOMES):
            yield _writable(place.path)
        if place.depth < DEPTH:
            inside = place.inside or holds_state
            waiting += [_Place(path, place.depth + 1, inside) for path in sorted(below, reverse=True)]


def scope(path: Path, root: Path) -> Path:
    """Say what to look at when something changed at a path: the session directory around it, else its folder."""
    place = chosen = path if os.path.isdir(path) else path.parent  # noqa: PTH112  `Path.is_dir` raises where it may not look
    for folder in (place, *place.parents):
        if os.path.lexists(folder / STATE):
            chosen = folder
        if folder == root or (chosen == folder and folder.parent.name in HOMES):
            break
    return chosen


def is_below(path: str, folder: str) -> bool:
    """Say whether a path is a folder or in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _writable(path: str) -> str | Obstacle:
    """Give a path that can be written down."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return Obstacle(os.fsencode(path).decode("utf-8", "replace"), "has a name that is not UTF-8")
    return path


def _look(path: str) -> tuple[list[str], bool]:
    """List a folder's folders, and say whether it holds a state."""
    below, holds_state = [], False
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name == STATE:
                holds_state = True
            elif entry.is_dir(follow_symlinks=False) and entry.name not in PASSED_OVER:
                below.append(entry.path)
    return below, holds_state
