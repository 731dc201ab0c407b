"""Run users' statements in processes of their own, beside those who send.

A statement that sorts a million rows takes a processor for seconds. In the daemon it would share one with the network
loop; as a process it is nice, its memory is counted by itself, and it can be ended at any time.
"""

import pickle
import subprocess
import sys
from collections.abc import Collection, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from core.children import apart
from core.errors import Refused, StoreBusy
from store.console import DEADLINE_S, Row

COMMAND: Final = (sys.executable, "-P", "-m", "store.console_process")


class ConsoleApart:
    """Run one statement on one SQLite file; see SqliteConsole for what it raises."""

    def __init__(self, path: Path, tables: Collection[str], *, deadline_s: float = DEADLINE_S) -> None:
        """Start the process."""
        self._task = (path, frozenset(tables), deadline_s)
        self._is_stopped = False
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603  our own program
            COMMAND, stdin=pipe, stdout=pipe, **apart()
        )

    def rows(self, sql: str) -> Generator[Row, None, None]:
        """Give the names of the columns, and then the rows."""
        try:
            self._ask(sql)
            while (said := self._heard()) is not None:
                if isinstance(said, Exception):
                    raise said
                yield said
        except (EOFError, OSError, pickle.UnpicklingError):
            raise self._ended() from None

    def interrupt(self) -> None:
        """Stop the statement, from any thread."""
        self._is_stopped = True
        self._process.kill()

    def close(self) -> None:
        """End the process, which has nothing to lose."""
        self._process.kill()
        for end in (self._process.stdin, self._process.stdout):
            assert end is not None, "it was started with pipes"
            with suppress(OSError):
                end.close()
        self._process.wait()

    def _ask(self, sql: str) -> None:
        assert self._process.stdin is not None, "it was started with pipes"
        pickle.dump((*self._task, sql), self._process.stdin, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.close()

    def _heard(self) -> Any:
        assert self._process.stdout is not None, "it was started with pipes"
        return pickle.load(self._process.stdout)  # noqa: S301  from our own process

    def _ended(self) -> Refused | StoreBusy:
        if self._is_stopped:
            return Refused("the statement was stopped: nobody waits for its answer")
        return StoreBusy("the process that ran the statement ended before it was done; send the same again")
