"""Answer `spanledger export`."""

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import click

from schema import encode
from schema.signals import Signal
from spanledger.config import Config
from spanledger.options import Failed, reading
from spanledger.terminal import Progress, json_line, note, visible
from store.files import whole
from store.reading import SqliteReadSide

PAGE_BYTES = 4 << 20
"""What a page should come to when written; in memory its rows take about five times that."""
MAX_ROWS = 1000
STANDARD_OUTPUT = "-"

Write = Callable[[bytes], object]


def export(config: Config, target: str, *, signals: tuple[str, ...]) -> None:
    """Write all items of the signals as OTLP JSON lines."""
    chosen = [signal for signal in Signal if not signals or signal in signals]
    with reading(config) as side, _writer(target) as write:
        count = _write_all(side, chosen, write)
    if target != STANDARD_OUTPUT:
        note(f"{count} items written to {target}")


def _write_all(side: SqliteReadSide, signals: list[Signal], write: Write) -> int:
    total = sum(line.stored for line in side.ledger() if line.signal in signals)
    progress = Progress("items exported", total=total)
    count = 0
    try:
        for rows in _pages(side, signals, write):
            count += rows
            progress.add(rows)
    finally:
        progress.close()
    return count


@dataclass(frozen=True, slots=True)
class Page:
    """Say what a page came to: its rows, the last one's id, and its bytes when written."""

    rows: int
    last_id: int
    written_bytes: int


def _pages(side: SqliteReadSide, signals: list[Signal], write: Write) -> Iterator[int]:
    """Write page after page, and give each one's number of items."""
    for signal in signals:
        after, limit = 0, 1
        while page := _write_page(side, signal, write, after=after, limit=limit):
            after, limit = page.last_id, next_limit(page)
            yield page.rows


def _write_page(side: SqliteReadSide, signal: Signal, write: Write, *, after: int, limit: int) -> Page | None:
    """Write one page and let go of it; None when there is nothing more."""
    items = side.items(signal, after_id=after, limit=limit)
    if not items:
        return None
    written_bytes = 0
    for line in map(json_line, encode.requests(signal, items)):
        write(line)
        written_bytes += len(line)
    return Page(len(items), int(items[-1]["id"]), written_bytes)


def next_limit(page: Page) -> int:
    """Say how many rows to read next: about PAGE_BYTES if they are like the last ones, and at most twice as many."""
    fitting = page.rows * PAGE_BYTES // max(page.written_bytes, 1)
    return max(1, min(fitting, 2 * page.rows, MAX_ROWS))


@contextmanager
def _writer(target: str) -> Iterator[Write]:
    if target != STANDARD_OUTPUT:
        with whole_file(Path(target)) as file:
            yield file.write
    elif sys.stdout.isatty():
        yield lambda line: click.echo(visible(line), nl=False)
    else:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file, private to its owner, that appears whole and durable or not at all; gzipped if its name says so."""
    try:
        with whole(path) as part, part.open("wb") as raw, _compressing(path, raw) as file:
            yield file
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}; choose another place") from error


@contextmanager
def _compressing(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix != ".gz":
        yield raw
        return
    with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
        yield cast("IO[bytes]", packed)
