"""Write the book of work by OpenTelemetry: the SDK makes the records, and they take the daemon's own way to the rows.

No network and no waiting: what the SDK exports is decoded, committed and derived from at once.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from collector.commands import decode
from derive.deriver import Deriver
from derive.meaning import Rules
from pricing.catalogue import Catalogue
from privacy.redaction import Redaction
from privacy.wanted import ALL
from schema.rows import Batch
from schema.signals import Signal
from store.config import Store
from store.raw import SqliteRawSide
from store.sqlite import SqliteWriteSide
from tests.support.outcomes import AMBIGUOUS, DONE, INVALID, MISSING, Answer

KINDS: Final = {"AMBIGUOUS": AMBIGUOUS, "NOT_FOUND": MISSING}
"""What codes are to a program; all others are invalid values."""
MICROSECOND: Final = 1_000
Telling = Callable[[str, Mapping[str, Any], int], bytes]


@dataclass(frozen=True, slots=True)
class Otlp:
    """Send records of one shape into a database, and look at what became of them."""

    signal: Signal
    make: Telling
    side: SqliteWriteSide
    deriver: Deriver
    ids: Iterator[int]

    def tell(
        self, event: str, values: Mapping[str, Any], *, at: str | None = None, event_id: str | None = None
    ) -> Answer:
        """Send one record, and derive from it."""
        sent = event_id or f"told-{next(self.ids)}"
        told = {name: value for name, value in values.items() if value is not None} | {"tracking.event_id": sent}
        body = self.make(event, told, _nanoseconds(at))
        batch = decode(
            self.signal, "protobuf", body, transport="http", received_at=time.time_ns(), redaction=Redaction(ALL)
        )
        (outcome,) = self.side.commit([batch])
        assert not isinstance(outcome, Exception), outcome
        while self.deriver.step(time.time_ns()):
            pass
        assert self.deriver.failures == 0
        return self._answer(event, sent, batch)

    def _answer(self, event: str, sent: str, batch: Batch) -> Answer:
        """Read the receipt, or the rejection, which the sender was told of if it was seen at once."""
        refused = self._rows("select code, message from ingest_rejections where command_id = ?", sent)
        if refused:
            code, message = refused[0]
            assert batch.message in {message, ""}
            assert not batch.violations or code not in KINDS
            return Answer(KINDS.get(code, INVALID), message)
        ((row,),) = self._rows(
            "select row_id from tracking_receipts where event_id = ? and event_name = ?", sent, event
        )
        return Answer(DONE, "", row)

    def _rows(self, sql: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        return self.side.transaction(lambda cursor: list(cursor.execute(sql, values)))


def _nanoseconds(at: str | None) -> int:
    if at is None:
        return time.time_ns()
    return round(datetime.fromisoformat(at).timestamp() * 1_000_000) * MICROSECOND


def _as_log(event: str, values: Mapping[str, Any], at: int) -> bytes:
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK's
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("agent.tracking").emit(timestamp=at, event_name=event, attributes=dict(values))
    records: Sequence[ReadableLogRecord] = exporter.get_finished_logs()
    return bytes(encode_logs(records).SerializeToString())


def _as_span(event: str, values: Mapping[str, Any], at: int) -> bytes:
    return _spans(event, values, at, lambda _span: None)


def _as_event(event: str, values: Mapping[str, Any], at: int) -> bytes:
    return _spans("work", {}, at, lambda span: span.add_event(event, dict(values), at))


def _spans(name: str, values: Mapping[str, Any], at: int, then: Callable[[Any], None]) -> bytes:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    span = provider.get_tracer("agent.tracking").start_span(name, attributes=dict(values), start_time=at)
    then(span)
    span.end(at)
    spans: Sequence[ReadableSpan] = exporter.get_finished_spans()
    return bytes(encode_spans(spans).SerializeToString())


def _way(signal: Signal, make: Telling) -> Callable[[Path], Any]:
    @contextmanager
    def opened(db: Path) -> Iterator[Otlp]:
        side = SqliteWriteSide(Store(path=db, reserve=0))
        raw = SqliteRawSide(db)
        ticks = itertools.count()
        deriver = Deriver(raw, side.apply, Rules(Catalogue()), clock=lambda: float(next(ticks)))
        try:
            yield Otlp(signal, make, side, deriver, itertools.count())
        finally:
            raw.close()
            side.close()

    return opened


OTLP_WAYS: Final[Mapping[str, Callable[[Path], Any]]] = {
    "log": _way(Signal.LOGS, _as_log),
    "span": _way(Signal.TRACES, _as_span),
    "span-event": _way(Signal.TRACES, _as_event),
}
"""By log record, by span, and by an event of a span that is about something else."""
