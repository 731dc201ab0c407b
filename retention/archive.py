"""Write raw records to files before they are deleted: OTLP JSON lines or Parquet, a folder a day.

A file is durable, was read back whole and counted before anything it holds is deleted. `spanledger import` reads it;
what is there already is not stored twice, so a file that was written twice does no harm. Names are made of the signal,
the day and a row's number alone.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final

from core.errors import Refused
from retention.config import Retention
from retention.moments import iso
from retention.sweep import ArchiveFailed
from schema.decode import decode
from schema.derived import Step
from schema.encode import Item
from schema.signals import Signal
from store.archives import FORMATS, Format, format_of
from store.files import sync, whole
from store.forgetting import Found, OldSide

ROWS: Final = 500
"""Records that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Archive below a folder what is read through `side`; `now` is when, Unix nanoseconds."""

    folder: Path
    side: OldSide
    now: int
    format: Format = FORMATS["jsonl.gz"]

    def __call__(self, signal: Signal, rows: Sequence[Found]) -> Sequence[Step]:
        """Return when all rows are in files, with what to write down; raise ArchiveFailed when they cannot be."""
        return [Step("add_archive", self._day(signal, day, list(found))) for day, found in groupby(rows, key=_day_of)]

    def _day(self, signal: Signal, day: str, rows: list[Found]) -> dict[str, object]:
        path = self.folder / day / f"{signal}-{rows[0].key:012d}{self.format.suffix}"
        try:
            self._make(path.parent)
            with whole(path) as part:
                self.format.write(part, signal, self._chunks(signal, rows))
                check(part, signal, len(rows), self.format)
                digest, size = sha256(part.read_bytes()).hexdigest(), part.stat().st_size
        except (OSError, EOFError, zlib.error, Refused) as error:
            raise ArchiveFailed(f"{path} cannot be written ({error}), so what it should hold is not deleted") from error
        return {
            "file": str(path.relative_to(self.folder)),
            "signal": str(signal),
            "day": day,
            "rows": len(rows),
            "bytes": size,
            "digest": digest,
            "created_at": iso(self.now),
        }

    def _make(self, folder: Path) -> None:
        """Make a day's folder, private to its owner, and its name durable."""
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync(folder.parent)

    def _chunks(self, signal: Signal, rows: list[Found]) -> Iterator[list[Item]]:
        for start in range(0, len(rows), ROWS):
            yield self.side.records(signal, [row.key for row in rows[start : start + ROWS]])


def archiving(config: Retention, side: OldSide, now: int) -> Archive | None:
    """Give what archives by a configuration, if anything does."""
    told = config.archive
    return Archive(told.folder, side, now, format_of(told.format)) if told.folder is not None else None


def check(path: Path, signal: Signal, expected: int, written: Format) -> None:
    """Read a file back as an import does, and count."""
    count = 0
    for request in written.requests(path):
        batch = decode(signal, "json", request, transport="archive", received_at=0)
        if batch.rejected:
            raise ArchiveFailed(f"{path.name} cannot be read back: {batch.message}; nothing of it is deleted")
        count += len(batch.rows)
    if count != expected:
        raise ArchiveFailed(f"{path.name} holds {count} of {expected} records; nothing of it is deleted")


def _day_of(row: Found) -> str:
    return iso(row.came)[: len("2026-01-31")]
