"""Run one user's statement: read it from standard input, write its rows to standard output (store/console_apart.py)."""

import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Final

from core.errors import SpanledgerError
from core.output import whole_output
from store.console import Row, SqliteConsole

NICE: Final = 19
"""Whoever sends, derives or reads pages comes first."""


def main() -> None:
    """Answer, and end."""
    os.nice(NICE)
    source, sink = sys.stdin.buffer, whole_output()
    with suppress(EOFError, BrokenPipeError):  # nobody waits any more
        path, tables, deadline_s, sql = pickle.load(source)  # noqa: S301  from the daemon that started us
        _answer(sink, path, tables, deadline_s, sql)
        sink.flush()


def _answer(sink: IO[bytes], path: Path, tables: frozenset[str], deadline_s: float, sql: str) -> None:
    """Write each row, and then nothing more or what is wrong."""
    end: SpanledgerError | None = None
    try:
        for row in _rows(path, tables, deadline_s, sql):
            pickle.dump(row, sink, pickle.HIGHEST_PROTOCOL)
    except SpanledgerError as error:
        end = error
    pickle.dump(end, sink, pickle.HIGHEST_PROTOCOL)


def _rows(path: Path, tables: frozenset[str], deadline_s: float, sql: str) -> Iterator[Row]:
    with closing(SqliteConsole(path, tables, deadline_s=deadline_s)) as console:
        yield from console.rows(sql)


if __name__ == "__main__":
    main()
