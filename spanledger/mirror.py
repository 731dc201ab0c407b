"""Tell the collector that a session directory was saved: `from spanledger import mirror` (seed 001).

    manager = SessionStateManager(session_dir, on_save_callback=mirror.on_save_callback)

A callback returns at once and raises nothing, whatever the collector does, and whether or not there is one: who was
not told finds the change at the next look.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from typing import Any, Final

MOST: Final = 1_024
"""Directories that wait to be told of; of more the oldest are left out."""
LINGER_S: Final = 2.0
"""How long the thread waits for more before it ends."""

Callback = Callable[..., None]


def on_save_callback(session_dir: str | os.PathLike[str], *_more: Any, **_about: Any) -> None:
    """Tell the collector on the default database that a directory was saved; never wait, never raise."""
    _DEFAULT.tell(session_dir)


def notifier(*, db: str | os.PathLike[str] | None = None) -> Callback:
    """Make such a callback for the collector on another database."""
    teller = Teller(db)

    def tell(session_dir: str | os.PathLike[str], *_more: Any, **_about: Any) -> None:
        teller.tell(session_dir)

    return tell


class Teller:
    """Send paths to the collector on a thread that lives as long as there are any; `lost` counts those it could not."""

    def __init__(self, db: str | os.PathLike[str] | None = None) -> None:
        """Start nothing yet."""
        self.lost = 0
        self._db = db
        self._begin()

    def tell(self, path: str | os.PathLike[str]) -> None:
        """Have a path told; one that waits already is told once."""
        with suppress(Exception):  # a caller's save must not fail for this
            self._put(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100  it must not look at the disk

    def _begin(self) -> None:
        self._process = os.getpid()
        self._changed = Condition()
        self._paths: dict[str, None] = {}
        self._thread: Thread | None = None

    def _put(self, path: str) -> None:
        if self._process != os.getpid():  # a fork has neither the thread nor, maybe, a free lock
            self._begin()
        with self._changed:
            self._paths.pop(path, None)
            self._paths[path] = None
            while len(self._paths) > MOST:
                del self._paths[next(iter(self._paths))]
                self.lost += 1
            if self._thread is None:
                self._thread = Thread(target=self._run, name="spanledger mirror", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while (paths := self._take()) is not None:
            try:
                self._send(paths)
            except Exception:  # there is no collector, or it has other trouble: nobody is to be bothered with that
                self._lose(len(paths))

    def _take(self) -> list[str] | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._paths), LINGER_S)
            if not self._paths:
                self._thread = None
                return None
            paths = list(self._paths)
            self._paths.clear()
            return paths

    def _send(self, paths: list[str]) -> None:
        """Send paths to the collector that runs now; without one they are lost, and found by it when it starts."""
        import orjson

        from api.operations import PREFIX
        from core.errors import Missing, Refused
        from spanledger.hands import configured
        from spanledger.options import database
        from spanledger.sinks import daemon
        from store import lock

        config = configured(self._db)
        holder = lock.read(database(config))
        if holder is None or holder.http is None:
            raise Missing("no collector runs")
        with daemon(config, holder) as sink:
            for path in paths:
                try:
                    sink.ask("POST", f"{PREFIX}/sync", orjson.dumps({"path": path}))
                except Refused:  # this one is none of its business; the others may be
                    self._lose(1)

    def _lose(self, count: int) -> None:
        with self._changed:
            self.lost += count


_DEFAULT: Final = Teller()
