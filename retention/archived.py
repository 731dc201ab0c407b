"""Find in archived files what is to be erased, and write them anew without it.

A line without any of its ids is copied as it is. A new file is read back and counted before it takes the place of the
old one.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from core.errors import Refused
from mapping.facts import fact_of
from mapping.record import Above, Record, log_record, span_record
from retention.archive import check
from retention.holdings import Held, names_one
from retention.sweep import ArchiveFailed
from schema.decode import decode
from schema.derived import Step
from schema.rows import COLUMNS, RESOURCE_COLUMNS, Batch, Row
from schema.signals import Signal
from store.archives import format_of_file
from store.files import sync, whole
from store.forgetting import OldSide

TRACE: Final = re.compile(rb'"traceId":"([0-9a-f]{32})"')
UNREADABLE: Final = (OSError, EOFError, zlib.error, Refused)


@dataclass(frozen=True, slots=True)
class File:
    """Hold what is known of an archived file; `held` counts its records that are to go."""

    file: str
    signal: Signal
    day: str
    rows: int
    created_at: str
    digest: str
    held: int = 0


@dataclass(slots=True)
class Sought:
    """Say whom records are sought of: ids that name them, their traces, and keys in these that are others'."""

    names: frozenset[str]
    sessions: frozenset[str]
    traces: set[str]
    others: frozenset[str]
    words: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, held: Held) -> "Sought":
        """Seek what belongs to what is held."""
        names = frozenset(held.words)
        words = [orjson.dumps(name) for name in names]
        return cls(names, frozenset(held.sessions), set(held.traces), frozenset(held.others), words)

    def is_near(self, line: bytes) -> bool:
        """Say whether a line may hold something of it."""
        return any(word in line for word in self.words) or any(
            trace.decode() in self.traces for trace in TRACE.findall(line)
        )

    def is_named(self, line: bytes) -> bool:
        """Say whether a line has one of the names."""
        return any(word in line for word in self.words)

    def has(self, batch: Batch, row: Row) -> bool:
        """Say whether a record is to go."""
        if batch.signal is Signal.METRICS:
            return self._is_told(batch, row)
        record = _record(batch, row)
        if record.key in self.others:
            return False
        session = fact_of(record).session_id
        if session is not None:
            return session in self.sessions or (self._is_told(batch, row) and not self.sessions)
        return record.trace_id in self.traces or self._is_told(batch, row)

    def staying(self, signal: Signal, line: bytes) -> list[bool] | None:
        """Say which records of a request stay; None when it holds nothing of it."""
        if not self.is_near(line):
            return None
        batch = _decoded(signal, line)
        return [not self.has(batch, row) for row in batch.rows]

    def learn(self, batch: Batch) -> None:
        """Take the traces of records that name it themselves."""
        for row in batch.rows:
            record = _record(batch, row)
            if record.trace_id and self._is_own(batch, row, record):
                self.traces.add(record.trace_id)

    def _is_own(self, batch: Batch, row: Row, record: Record) -> bool:
        return fact_of(record).session_id in self.sessions or self._is_told(batch, row)

    def _is_told(self, batch: Batch, row: Row) -> bool:
        columns = COLUMNS[batch.signal]
        resource = batch.resources[row[0]][RESOURCE_COLUMNS.index("attributes")]
        texts = [row[columns.index("attributes")], resource]
        if batch.signal is Signal.LOGS and row[columns.index("body_is_json")]:
            texts.append(row[columns.index("body")])
        return any(names_one(orjson.loads(text), self.names) for text in texts if text)


@dataclass(frozen=True, slots=True)
class Archived:
    """Look through the files of a folder; `side` says which there are."""

    folder: Path | None
    side: OldSide

    def find(self, held: Held) -> list[File]:
        """List the files that hold something of what is held; raise ArchiveFailed when one cannot be read."""
        sought = self._learned(held)
        counted = [replace(one, held=self._count(one, sought)) for one in self._files()]
        return [one for one in counted if one.held]

    def rewrite(self, held: Held) -> Iterator[Step]:
        """Write files anew without what is held; give what to write down of each when it is in its place."""
        sought = self._learned(held)
        for one in self._files():
            listed = self._as_it_is(one)
            if self._count(listed, sought):
                yield self._rewritten(listed, sought)
            elif listed is not one:
                yield self._listed(listed, listed.rows)

    def _files(self) -> list[File]:
        rows = self.side.rows("archives")
        if rows and self.folder is None:
            raise ArchiveFailed("records were archived, and retention.archive.folder does not say where; set it again")
        files = [File(file, Signal(signal), day, count, at, digest) for file, signal, day, count, _, digest, at in rows]
        return [one for one in files if self._path(one).exists()]

    def _learned(self, held: Held) -> Sought:
        """Find the traces of which archived records say whose they are: others of the same trace may not."""
        sought = Sought.of(held)
        for one in self._files():
            if one.signal is not Signal.METRICS:
                for line in self._lines(one):
                    if sought.is_named(line):
                        sought.learn(_decoded(one.signal, line))
        return sought

    def _count(self, one: File, sought: Sought) -> int:
        near = (_decoded(one.signal, line) for line in self._lines(one) if sought.is_near(line))
        return sum(sought.has(batch, row) for batch in near for row in batch.rows)

    def _rewritten(self, one: File, sought: Sought) -> Step:
        path = self._path(one)
        left = one.rows - self._count(one, sought)
        try:
            if left <= 0:
                path.unlink()
                sync(path.parent)
                return Step("remove_archive", {"file": one.file})
            with whole(path) as part:
                written = format_of_file(one.file)
                written.sift(path, part, one.signal, lambda line: sought.staying(one.signal, line))
                check(part, one.signal, left, written)
        except UNREADABLE as error:
            raise ArchiveFailed(f"{path} cannot be written without what is erased: {error}") from error
        return self._listed(one, left)

    def _as_it_is(self, one: File) -> File:
        """Count a file anew that is not as it is listed: it was written anew, and then the program was killed."""
        if sha256(self._content(one)).hexdigest() == one.digest:
            return one
        return replace(one, rows=sum(len(_decoded(one.signal, line).rows) for line in self._lines(one)))

    def _listed(self, one: File, rows: int) -> Step:
        """Say what to write down of a file."""
        content = self._content(one)
        told = {"file": one.file, "signal": str(one.signal), "day": one.day, "created_at": one.created_at}
        return Step("add_archive", {**told, "rows": rows, "bytes": len(content), "digest": sha256(content).hexdigest()})

    def _lines(self, one: File) -> Iterator[bytes]:
        path = self._path(one)
        try:
            yield from format_of_file(one.file).requests(path)
        except UNREADABLE as error:
            raise _unreadable(path, error) from error

    def _content(self, one: File) -> bytes:
        path = self._path(one)
        try:
            return path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error

    def _path(self, one: File) -> Path:
        assert self.folder is not None, "there are no files without a folder"
        return self.folder / one.file


def _unreadable(path: Path, error: Exception) -> ArchiveFailed:
    return ArchiveFailed(f"{path} cannot be read ({error}); `spanledger retention run` tries again, or delete it")


def _decoded(signal: Signal, line: bytes) -> Batch:
    return decode(signal, "json", line, transport="archive", received_at=0)


def _record(batch: Batch, row: Row) -> Record:
    resource, scope = batch.resources[row[0]], batch.scopes[row[1]]
    above = Above.read(resource[RESOURCE_COLUMNS.index("attributes")], scope[1], scope[2])
    return (span_record if batch.signal is Signal.TRACES else log_record)(row, above)
