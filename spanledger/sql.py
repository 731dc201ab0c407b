"""Answer `spanledger sql`."""

import csv
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from spanledger.config import Config
from spanledger.options import reading
from spanledger.terminal import cell, note, say, say_json_line, table

SHOWN_ROWS = 1000
SHOWN_CHARACTERS = 100
DEADLINE_S = 60.0
"""A query holds the write-ahead log open for as long as it runs."""

Rows = Iterator[tuple[Any, ...]]


def show(config: Config, query: str, *, as_json: bool, as_csv: bool) -> None:
    """Run one read-only query and print its rows."""
    write = _write_json if as_json else _write_csv if as_csv else _write_table
    with reading(config, deadline_s=DEADLINE_S) as side:
        rows = side.query(query)
        head = next(rows, ())
        write([str(name) for name in head], rows)


def _write_json(head: list[str], rows: Rows) -> None:
    """Write an array of objects, one a line, as they come."""
    between = "[\n"
    for row in rows:
        say_json_line(dict(zip(head, row, strict=True)), ahead=between)
        between = ",\n"
    say("[]" if between == "[\n" else "\n]")


def _write_csv(head: list[str], rows: Rows) -> None:
    clean = cell if sys.stdout.isatty() else _raw
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([clean(value) for value in row] for row in rows)


def _raw(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


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
