"""Answer `spanledger sql`."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from schema.described import described
from spanledger.config import Config
from spanledger.options import NotFound, database
from spanledger.terminal import cell, note, plain, say, say_json_line, table
from store.console import SqliteConsole

SHOWN_ROWS = 1000
SHOWN_CHARACTERS = 100
DEADLINE_S = 60.0
"""A query holds the write-ahead log open for as long as it runs."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, or skips before one."""
SPECIAL = frozenset(',"\r\n')
EMPTY = '""'
"""A line of nothing is no row to most readers."""

Rows = Iterator[tuple[Any, ...]]


def show(config: Config, query: str, *, as_json: bool, as_csv: bool) -> None:
    """Run one read-only query and print its rows."""
    write = _write_json if as_json else _write_csv if as_csv else _write_table
    with opened(config) as console:
        rows = console.rows(query)
        write([str(name) for name in next(rows)], rows)


@contextmanager
def opened(config: Config) -> Iterator[SqliteConsole]:
    """Open the database for one statement, or raise NotFound when there is none."""
    path = database(config)
    if not path.exists():
        raise NotFound(f"there is no database at {path}; start one with `spanledger serve`, or name another with --db")
    console = SqliteConsole(path, described(), deadline_s=DEADLINE_S)
    try:
        yield console
    finally:
        console.close()


def _write_json(head: list[str], rows: Rows) -> None:
    """Write an array of objects, one a line, as they come."""
    between = "[\n"
    for row in rows:
        say_json_line(dict(zip(head, row, strict=True)), ahead=between)
        between = ",\n"
    say("[]" if between == "[\n" else "\n]")


def _write_csv(head: list[str], rows: Rows) -> None:
    """Write lines as they come; a spreadsheet must take no text of them for a formula."""
    tty = sys.stdout.isatty()
    for row in chain([head], rows):
        sys.stdout.write(_csv_line(row, tty=tty))


def _csv_line(row: Iterable[Any], *, tty: bool) -> str:
    line = ",".join(_csv_cell(value, tty=tty) for value in row)
    return f"{line or EMPTY}\n"


def _csv_cell(value: Any, *, tty: bool) -> str:
    """Quote where needed; text that begins like a formula gets an apostrophe ahead, a number never."""
    if not isinstance(value, str):
        return cell(value)
    return _csv_text(value, tty=tty)


def _csv_text(raw: str, *, tty: bool) -> str:
    apostrophe = "'" if raw.startswith(FORMULA) else ""
    text = apostrophe + (plain(raw) if tty else raw)
    return '"' + text.replace('"', '""') + '"' if apostrophe or not SPECIAL.isdisjoint(text) else text


def _write_table(head: list[str], rows: Rows) -> None:
    kept = [[_short(value) for value in row] for row in islice(rows, SHOWN_ROWS)]
    if head:
        say(table(head, kept))
    if next(rows, None) is not None:
        note(f"only the first {SHOWN_ROWS} rows are shown; --json and --csv give all of them")


def _short(value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    text = cell(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
