"""Write Parquet files, one for each request: what is written is whole and on the disk when `send` returns.

So that files are not small, `batch_items` should be large.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from core.errors import TryAgain
from exporters.exporter import Taken
from schema import encode, unfold
from schema.decode import decode
from schema.encode import Item, Json
from schema.signals import Signal
from store import arrow
from store.files import whole


class ParquetExporter:
    """Write a file a request, and forget the oldest of too many."""

    def __init__(self, folder: Path, *, max_files: int, stamp: Callable[[], str]) -> None:
        """Write nothing yet; `stamp` gives text that grows with the time, for the names of files."""
        self._folder, self._max_files, self._stamp = folder, max_files, stamp

    def write(self, signal: Signal, items: Sequence[Item]) -> Json:
        """Write items as OTLP/JSON."""
        return encode.request(signal, items)

    def send(self, signal: Signal, request: Json) -> Taken:
        """Write one file."""
        batch = decode(signal, "json", orjson.dumps(request), transport="export", received_at=0)
        path = self._folder / f"{signal}-{self._stamp()}.parquet"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with whole(path) as part:
                arrow.write(part, signal, [list(unfold.items(batch))])
            for old in sorted(self._folder.glob(f"{signal}-*.parquet"))[: -self._max_files]:
                old.unlink()
        except OSError as error:
            raise TryAgain(f"{self._folder} cannot be written: {error}") from error
        return Taken()

    def close(self) -> None:
        """Hold nothing."""
