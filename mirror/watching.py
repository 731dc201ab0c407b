"""Watch folders, on a thread of its own, and say where something changed; no more is promised than trying."""

import logging
from collections.abc import Callable, Collection, Mapping
from threading import Event, Thread
from typing import Final

log = logging.getLogger(__name__)

GATHER_MS: Final = 400
LOOK_MS: Final = 100
"""Changes are told when there were none for so long, or when they have been gathered for the longer time."""
CALM_MS: Final = 1_000
AGAIN_S: Final = 5.0
JOIN_S: Final = 3.0


class Watching:
    """Watch a set of folders, not what is below them.

    `tell` gets the paths that changed; `began` is called when a new set has come into force. Neither may wait.
    """

    def __init__(self, tell: Callable[[Collection[str]], None], began: Callable[[], None]) -> None:
        """Watch nothing yet."""
        self._tell, self._began = tell, began
        self._folders: Mapping[str, int] = {}
        self._renewed = Event()
        self._over = Event()
        self._failing = False
        self._thread = Thread(target=self._run, name="watching", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        self._renewed.set()
        self._thread.join(JOIN_S)

    def only(self, folders: Mapping[str, int]) -> None:
        """Watch these folders, each with its number, and no others; may be called from any thread.

        What changes before `began` is called may not be told, nor what changes in a folder that is not there.
        """
        if folders != self._folders:
            self._folders = dict(folders)
            self._renewed.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._renewed.clear()
            folders = self._folders
            if not folders:
                self._renewed.wait()
                continue
            try:
                self._watch(folders)
            except Exception as error:  # they are looked through now and then all the same
                self._fail(error)
                self._renewed.wait(AGAIN_S)

    def _watch(self, folders: Collection[str]) -> None:
        from watchfiles import watch  # a megabyte of memory that a daemon without anything to watch need not spend

        changed = watch(
            *folders,
            watch_filter=None,
            debounce=GATHER_MS,
            step=LOOK_MS,
            rust_timeout=CALM_MS,
            yield_on_timeout=True,
            stop_event=self._renewed,
            recursive=False,
            ignore_permission_denied=True,
            raise_interrupt=False,
        )
        has_begun = False
        for changes in changed:
            self._failing = False
            if not has_begun:
                has_begun = True
                self._began()
            if changes:
                self._tell({path for _, path in changes})

    def _fail(self, error: Exception) -> None:
        if not self._failing and not self._over.is_set():
            log.warning("session directories cannot be watched (%s); they are looked through now and then", error)
        self._failing = True
