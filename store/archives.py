"""Write records to files and read them as requests: OTLP JSON lines, compressed by gzip or zstd, or Parquet."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol, cast

import orjson

from core.errors import Misconfigured
from schema import encode
from schema.decode import decode
from schema.encode import Item
from schema.signals import Signal
from schema.unfold import items
from store import arrow

LEVEL: Final = 6
Sift = Callable[[bytes], list[bool] | None]
"""Says which records of a request stay; None when it need not be looked at."""


class Format(Protocol):
    """Write and read one kind of file; every method may raise OSError or EOFError."""

    @property
    def suffix(self) -> str:
        """Say what its files' names end in."""
        ...

    def write(self, path: Path, signal: Signal, chunks: Iterable[list[Item]]) -> None:
        """Write records."""
        ...

    def requests(self, path: Path) -> Iterator[bytes]:
        """Give the records of a file as OTLP/JSON requests."""
        ...

    def sift(self, source: Path, target: Path, signal: Signal, sift: Sift) -> None:
        """Write a file anew with the records that stay."""
        ...


@dataclass(frozen=True, slots=True)
class Lines:
    """Write a request a line."""

    suffix: str
    open: Callable[[Path, str], AbstractContextManager[IO[bytes]]]

    def write(self, path: Path, signal: Signal, chunks: Iterable[list[Item]]) -> None:
        """Write records."""
        with self.open(path, "wb") as file:
            for chunk in chunks:
                for request in encode.requests(signal, chunk):
                    file.write(orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE))

    def requests(self, path: Path) -> Iterator[bytes]:
        """Give the lines."""
        with self.open(path, "rb") as file:
            yield from lines(file)

    def sift(self, source: Path, target: Path, signal: Signal, sift: Sift) -> None:
        """Copy lines as they are, but for those that lose records."""
        with self.open(target, "wb") as file:
            for line in self.requests(source):
                stays = sift(line)
                file.write(line if stays is None else _left(signal, line, stays))


@dataclass(frozen=True, slots=True)
class Parquet:
    """Write a row a record."""

    suffix: str = ".parquet"

    def write(self, path: Path, signal: Signal, chunks: Iterable[list[Item]]) -> None:
        """Write records."""
        arrow.write(path, signal, chunks)

    def requests(self, path: Path) -> Iterator[bytes]:
        """Give each row group as a request."""
        for signal, chunk in arrow.read(path):
            yield _request(signal, chunk)

    def sift(self, source: Path, target: Path, signal: Signal, sift: Sift) -> None:
        """Copy row groups without the rows that go."""
        arrow.write(
            target, signal, (_staying(chunk, sift(_request(told, chunk))) for told, chunk in arrow.read(source))
        )


def lines(file: IO[bytes]) -> Iterator[bytes]:
    """Give the lines of a file that may know none, each with its end."""
    rest = b""
    while block := file.read(1 << 20):
        *whole, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def _gzip(path: Path, mode: str) -> AbstractContextManager[IO[bytes]]:
    return cast("AbstractContextManager[IO[bytes]]", gzip.open(path, mode, compresslevel=LEVEL))


def _left(signal: Signal, line: bytes, stays: list[bool]) -> bytes:
    """Write a line without what goes; nothing when nothing is left of it."""
    batch = decode(signal, "json", line, transport="archive", received_at=0)
    kept = _staying(list(items(batch)), stays)
    return _request(signal, kept) if kept else b""


def _staying(chunk: list[Item], stays: list[bool] | None) -> list[Item]:
    return chunk if stays is None else [item for item, one in zip(chunk, stays, strict=True) if one]


def _request(signal: Signal, chunk: list[Item]) -> bytes:
    (request,) = encode.requests(signal, chunk, max_items=max(1, len(chunk)))
    return orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)


FORMATS: Final[dict[str, Format]] = {
    "jsonl.gz": Lines(".jsonl.gz", _gzip),
    "jsonl.zst": Lines(".jsonl.zst", arrow.zstd),
    "parquet": Parquet(),
}
NEEDS: Final = frozenset(("jsonl.zst", "parquet"))
"""Formats that need the extra."""


def format_of(name: str) -> Format:
    """Give a format by its name; raise Misconfigured when it needs what is not installed."""
    if name in NEEDS and not arrow.is_there():
        raise Misconfigured(f"files in {name} need pyarrow; {arrow.EXTRA}")
    return FORMATS[name]


def format_of_file(path: str) -> Format:
    """Give the format of a file by its name's end."""
    return format_of(next(name for name, one in FORMATS.items() if path.endswith(one.suffix)))
