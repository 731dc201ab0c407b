"""Read requests from files: OTLP JSON lines, and single requests in protobuf or JSON; all of them gzipped or not.

JSON lines compressed by zstd, and Parquet that an archive or an exporter wrote, need the extra `parquet`.

Only one request is in memory at a time.
"""

import gzip
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

import orjson

from schema.signals import WIRE, Signal
from store.archives import format_of_file

MAX_REQUEST_BYTES = 64 << 20
GZIP_MAGIC = b"\x1f\x8b"
PROTOBUF = frozenset({".pb", ".binpb"})
JSON = frozenset({".json", ".jsonl", ".ndjson"})
PARQUET = frozenset({".parquet"})
ZSTD = ".zst"
STANDARD_INPUT = Path("-")

_SNAKE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_KEYS = {wire.envelope_key: signal for signal, wire in WIRE.items()}
_KEYS |= {_SNAKE.sub("_", key).lower(): signal for key, signal in _KEYS.items()}
_FIRST_KEY = re.compile(rb'\s*\{\s*"([A-Za-z_]+)"\s*:')
_NAMED = re.compile(r"(?<![a-z])(traces?|spans|logs?|metrics?)(?![a-z])")
_BY_NAME = {"spans": Signal.TRACES}


class NotOtlp(Exception):
    """Say why a file, or a line of one, is not a request."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Hold one request and where it stood; `problem` says why it is none."""

    place: str
    signal: Signal = Signal.TRACES
    encoding: str = "json"
    body: bytes = b""
    problem: str = ""


def find(sources: tuple[str, ...]) -> Iterator[tuple[Path, bool]]:
    """List the files that are meant, each with whether it was named itself rather than found in a folder."""
    for path in map(Path, sources):
        if path.is_dir():
            known = PROTOBUF | JSON | PARQUET
            below = (file for file in sorted(path.rglob("*")) if kind(file) in known and file.is_file())
            yield from ((file, False) for file in below)
        else:
            yield path, True


def kind(path: Path) -> str:
    """Give a file's last suffix, the one for compression aside."""
    return Path(path.stem if path.suffix in {".gz", ZSTD} else path.name).suffix.lower()


def read(path: Path) -> Iterator[Recorded]:
    """Give each request of a file; raise NotOtlp when it holds none that can be recognised."""
    if kind(path) in PARQUET or path.suffix == ZSTD:
        yield from _archived(path)
        return
    with _raw(path) as raw:
        compressed = raw.peek(len(GZIP_MAGIC))[: len(GZIP_MAGIC)] == GZIP_MAGIC
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if compressed else raw
        try:
            if kind(path) in PROTOBUF:
                yield _protobuf(path, stream)
            else:
                yield from _json(path, stream)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise NotOtlp(f"{path} is damaged: {error}") from error


def _archived(path: Path) -> Iterator[Recorded]:
    """Read what an extra is needed for."""
    try:
        for number, request in enumerate(format_of_file(path.name).requests(path), 1):
            yield from _line(path, number, request)
    except OSError as error:
        raise NotOtlp(f"{path} cannot be read: {error}") from error


def _raw(path: Path) -> AbstractContextManager[BufferedReader]:
    if path == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)  # type: ignore[arg-type]  # a reader of a real descriptor
    return path.open("rb")


def _protobuf(path: Path, stream: IO[bytes]) -> Recorded:
    signal = signal_of_name(path)
    if signal is None:
        raise NotOtlp(f"{path}: its name does not say which signal it holds; call it …-traces, …-logs or …-metrics")
    return Recorded(str(path), signal, "protobuf", _bounded(path, stream.read(MAX_REQUEST_BYTES + 1)))


def _json(path: Path, stream: IO[bytes]) -> Iterator[Recorded]:
    """Read line by line; a file whose first line is not whole is one request."""
    first = stream.readline(MAX_REQUEST_BYTES + 1)
    if first.strip() and not _signals(first) and not _is_json(first):
        yield from _document(path, first + stream.read(MAX_REQUEST_BYTES))
        return
    number, line, found = 1, first, False
    while line:
        for recorded in _line(path, number, line):
            found = found or not recorded.problem
            yield recorded
        _skip_rest(line, stream)
        number, line = number + 1, stream.readline(MAX_REQUEST_BYTES + 1)
    if not found:
        raise NotOtlp(f"{path} holds no OTLP JSON")


def _line(path: Path, number: int, line: bytes) -> Iterator[Recorded]:
    place = f"{path}:{number}"
    if not line.strip():
        return
    if len(line) > MAX_REQUEST_BYTES:
        yield Recorded(place, problem=f"the line is over {MAX_REQUEST_BYTES >> 20} MiB")
        return
    signals = _signals(line) or _by_content(line) or _empty_request(path, line)
    if not signals:
        yield Recorded(place, problem="the line is not OTLP JSON")
    for signal in signals:
        yield Recorded(place, signal, "json", line.strip())


def _document(path: Path, text: bytes) -> Iterator[Recorded]:
    text = _bounded(path, text)
    signals = _by_content(text)
    if not signals:
        raise NotOtlp(f"{path} holds no OTLP JSON")
    for signal in signals:
        yield Recorded(str(path), signal, "json", text)


def _signals(text: bytes) -> list[Signal]:
    """Tell the signal by the first key alone, as every known writer has it; no need to parse twice.

    A line that does not end its object may be the beginning of a longer text.
    """
    match = _FIRST_KEY.match(text[:200])
    known = _KEYS.get(match[1].decode()) if match else None
    return [known] if known and text.rstrip().endswith(b"}") and _single(text) else []


def _single(text: bytes) -> bool:
    """Say whether only one signal's key may stand in a text."""
    return sum(f'"{key}"'.encode() in text for key in _KEYS) == 1


def _by_content(text: bytes) -> list[Signal]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    return [signal for key, signal in _KEYS.items() if key in value] if isinstance(value, dict) else []


def _empty_request(path: Path, text: bytes) -> list[Signal]:
    signal = signal_of_name(path)
    return [signal] if signal and text.strip() == b"{}" else []


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def signal_of_name(path: Path) -> Signal | None:
    """Tell the signal by a file's name, such as 001-traces.pb."""
    match = _NAMED.search(path.name.lower())
    if match is None:
        return None
    word = match[1]
    return _BY_NAME.get(word) or Signal(word if word.endswith("s") else f"{word}s")


def _skip_rest(line: bytes, stream: IO[bytes]) -> None:
    while len(line) > MAX_REQUEST_BYTES and not line.endswith(b"\n"):
        line = stream.readline(MAX_REQUEST_BYTES + 1)


def _bounded(path: Path, text: bytes) -> bytes:
    if len(text) > MAX_REQUEST_BYTES:
        raise NotOtlp(f"{path} is one request of more than {MAX_REQUEST_BYTES >> 20} MiB, which no collector takes")
    return text
