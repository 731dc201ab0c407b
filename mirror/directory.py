"""Read one session directory, and touch nothing: files are opened for reading alone, and no link is followed.

What lies in such a directory is not trusted: it may be a pipe, a device, a link to somewhere else, or very large.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from mirror.fields import STATE
from mirror.json_text import Unreadable
from mirror.session import Document, Held

PLAN: Final = "plan.json"
MARKDOWN: Final = ".md"
MOST_FILES: Final = 50
HEAD: Final = 4_096
"""Bytes of a document that are looked at for its title."""
TORN: Final = 3
"""How often a file is read anew that changes while it is read."""
FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
UNSEEN: Final = getattr(os, "O_NOATIME", 0)
"""Leaves the time of the last access as it is; only a file's owner may ask for it."""

Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Name the files of a directory with their time, size and number: equal listings were read the same."""

    signature: Signature

    @property
    def newest_ns(self) -> int:
        """Say when the file was changed that was changed last."""
        return max((modified for _, modified, _, _ in self.signature), default=0)


def look(path: str) -> Listing:
    """List a directory's files; raise Unreadable when it cannot be listed."""
    with _opened(path) as folder:
        return _listing(folder)


def read(path: str, *, max_bytes: int) -> tuple[Held, Listing]:
    """Read a directory; raise Unreadable when its state cannot be read."""
    with _opened(path) as folder:
        listing = _listing(folder)
        state, modified = _content(folder, STATE, max_bytes)
        held = Held(path, state, modified, _plan(folder, listing, max_bytes), tuple(_documents(folder, listing)))
        return held, listing


@contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        folder = os.open(path, FLAGS | os.O_DIRECTORY)
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}") from None
    try:
        yield folder
    finally:
        os.close(folder)


def _listing(folder: int) -> Listing:
    """List regular files, the state first."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    about = entry.stat(follow_symlinks=False)
                    found.append((entry.name, about.st_mtime_ns, about.st_size, about.st_ino))
    except OSError as error:
        raise Unreadable(f"cannot be listed: {error.strerror}") from None
    found.sort(key=lambda one: (one[0] != STATE, one[0]))
    return Listing(tuple(found[:MOST_FILES]))


def _content(folder: int, name: str, max_bytes: int) -> tuple[bytes, int]:
    """Read a file and its time of change; one that changes meanwhile is read anew, a few times."""
    for _ in range(TORN):
        file = _file(folder, name)
        try:
            before = os.fstat(file)
            content = _whole(file, name, before, max_bytes)
            after = os.fstat(file)
        except OSError as error:
            raise Unreadable(f"{name} cannot be read: {error.strerror}") from None
        finally:
            os.close(file)
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, len(content)):
            break
    return content, before.st_mtime_ns


def _file(folder: int, name: str) -> int:
    try:
        try:
            return os.open(name, FLAGS | UNSEEN, dir_fd=folder)
        except PermissionError:
            return os.open(name, FLAGS, dir_fd=folder)
    except OSError as error:
        if stat.S_ISLNK(_mode(folder, name)):
            raise Unreadable(f"{name} is a symbolic link, which is not followed") from None
        raise Unreadable(f"{name} cannot be opened: {error.strerror}") from None


def _mode(folder: int, name: str) -> int:
    try:
        return os.lstat(name, dir_fd=folder).st_mode
    except OSError:
        return 0


def _whole(file: int, name: str, about: os.stat_result, max_bytes: int) -> bytes:
    if not stat.S_ISREG(about.st_mode):
        raise Unreadable(f"{name} is no regular file")
    if about.st_size > max_bytes:
        raise Unreadable(f"{name} has {about.st_size} bytes, more than sync.max_bytes allows ({max_bytes})")
    parts, left = [], max_bytes
    while left and (part := os.read(file, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _plan(folder: int, listing: Listing, max_bytes: int) -> bytes | None:
    """Read the plan, if there is one that can be read."""
    if all(name != PLAN for name, *_ in listing.signature):
        return None
    try:
        return _content(folder, PLAN, max_bytes)[0]
    except Unreadable:
        return None


def _documents(folder: int, listing: Listing) -> Iterator[Document]:
    for name, modified, size, _ in listing.signature:
        if name != STATE:
            told = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            title = _title(folder, name) if name.endswith(MARKDOWN) else None
            yield Document(told, size, modified, title)


def _title(folder: int, name: str) -> str | None:
    """Give the first heading of a Markdown file."""
    try:
        file = _file(folder, name)
    except Unreadable:
        return None
    try:
        head = os.read(file, HEAD).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(file)
    return next((line[2:].strip() for line in head.splitlines() if line.startswith("# ")), None)
