"""Answer `spanledger backup` and `spanledger restore`."""

import time
from collections.abc import Callable
from pathlib import Path

from core.errors import Misconfigured
from spanledger.config import Config
from spanledger.options import NotFound, database
from spanledger.terminal import Progress, human_bytes, say, say_json
from store import backup as copies
from store.lock import Lock

MIB = 1 << 20


def back_up(config: Config, target: Path, *, as_json: bool) -> None:
    """Copy the database, and say what the copy holds."""
    path = database(config)
    if not path.exists():
        raise NotFound(f"there is no database at {path}; name another with --db")
    if target.exists() and target.samefile(path):
        raise Misconfigured(f"{target} is the database itself; choose another file")
    began = time.monotonic()
    with _Shown("MiB copied") as seen:
        copy = copies.back_up(path, target, seen)
    took = round(time.monotonic() - began, 1)
    if as_json:
        say_json({"file": str(target), "bytes": copy.bytes, "items": copy.items, "seconds": took})
        return
    items = "".join(f", {signal}: {count}" for signal, count in copy.items.items())
    say(f"{target}: {human_bytes(copy.bytes)}, read back and checked{items} ({took} s)")


def restore(config: Config, backup: Path, *, as_json: bool) -> None:
    """Put a backup in the database's place, and say where that is now."""
    path = database(config)
    if not backup.exists():
        raise NotFound(f"there is no file {backup}")
    if path.exists() and backup.samefile(path):
        raise Misconfigured(f"{backup} is the database itself; name a backup")
    with Lock(path), _Shown("MiB restored") as seen:
        aside = copies.restore(backup, path, seen)
    if as_json:
        say_json({"database": str(path), "before": str(aside) if aside else None})
        return
    say(f"{path} is now what {backup} was")
    if aside:
        say(f"what was there before is {aside}; delete it when you do not need it any more")


class _Shown:
    """Show progress in MiB for the length of a block."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._progress: Progress | None = None
        self._done = 0

    def __enter__(self) -> Callable[[int, int], None]:
        return self._see

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.close()

    def _see(self, done: int, total: int) -> None:
        if self._progress is None:
            self._progress = Progress(self._what, total=max(1, total // MIB))
        self._progress.add(done // MIB - self._done)
        self._done = done // MIB
