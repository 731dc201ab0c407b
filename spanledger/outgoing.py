"""Answer `spanledger export`."""

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import click

from api.exporting import pages
from core.output import whole_output
from schema.signals import Signal
from spanledger.config import Config
from spanledger.options import Failed, reading
from spanledger.terminal import Progress, note, visible
from store.files import whole
from store.reading import SqliteReadSide

PAGE_BYTES = 4 << 20
"""What a page should come to when written; in memory its rows take about five times that."""
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
        for signal in signals:
            for page in pages(side, signal, page_bytes=PAGE_BYTES):
                write(page.lines)
                count += page.rows
                progress.add(page.rows)
    finally:
        progress.close()
    return count


@contextmanager
def _writer(target: str) -> Iterator[Write]:
    if target != STANDARD_OUTPUT:
        with whole_file(Path(target)) as file:
            yield file.write
    elif sys.stdout.isatty():
        yield lambda lines: click.echo(visible(lines), nl=False)
    else:
        output = whole_output()
        yield output.write
        output.flush()


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
