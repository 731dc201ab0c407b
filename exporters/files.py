"""Write OTLP JSON lines, as the OpenTelemetry Collector's file exporter does and `spanledger import` reads.

A line is on the disk when `send` returns. What a crash tore off is cut at the next start; its items are written again.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from core.errors import TryAgain
from exporters.exporter import Taken
from schema import encode
from schema.encode import Item, Json
from schema.signals import Signal

STAMP: Final = "%Y%m%dT%H%M%S"
TAIL: Final = 1 << 20


class FileExporter:
    """Append to one file a signal; begin a new one when it is full, and forget the oldest of too many."""

    def __init__(self, folder: Path, *, max_bytes: int, max_files: int, stamp: Callable[[], str]) -> None:
        """Open nothing yet; `stamp` gives text that grows with the time, for the names of full files."""
        self._folder = folder
        self._max_bytes, self._max_files = max_bytes, max_files
        self._stamp = stamp
        self._open: dict[Signal, BinaryIO] = {}

    def write(self, signal: Signal, items: Sequence[Item]) -> Json:
        """Write items as OTLP/JSON."""
        return encode.request(signal, items)

    def send(self, signal: Signal, request: Json) -> Taken:
        """Write one line."""
        try:
            file = self._open.get(signal) or self._opened(signal)
            file.write(orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE))
            file.flush()
            os.fsync(file.fileno())
            if file.tell() >= self._max_bytes:
                self._rotate(signal)
        except OSError as error:
            self._forget(signal)
            raise TryAgain(f"{self._folder} cannot be written: {error.strerror}") from error
        return Taken()

    def close(self) -> None:
        """Close the files."""
        for signal in list(self._open):
            self._forget(signal)

    def _opened(self, signal: Signal) -> BinaryIO:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.fdopen(os.open(self._path(signal), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
        _cut_torn_line(file)
        self._open[signal] = file
        return file

    def _rotate(self, signal: Signal) -> None:
        """Give a full file its name for good."""
        self._forget(signal)
        full = self._folder / f"{signal}-{self._stamp()}.jsonl"
        self._path(signal).rename(full)
        for old in sorted(self._folder.glob(f"{signal}-*.jsonl"))[: -self._max_files]:
            old.unlink()

    def _path(self, signal: Signal) -> Path:
        return self._folder / f"{signal}.jsonl"

    def _forget(self, signal: Signal) -> None:
        file = self._open.pop(signal, None)
        if file is not None:
            file.close()


def _cut_torn_line(file: BinaryIO) -> None:
    """Stand at the end of the last whole line, and forget what is behind it."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - TAIL)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    file.truncate(end)
    file.seek(end)
