"""Take requests without a network: into a database that no daemon holds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from collector.commands import decode
from collector.ingest import Request, is_refused, refusal, verdict
from collector.replaying import LOST, Again, Row, can_be_sent, settled
from collector.replaying import TRANSPORT as AGAIN
from core.errors import Misconfigured, Refused
from privacy.redaction import Redaction
from privacy.wanted import Wanted
from schema.rows import Batch
from schema.signals import Signal
from store.config import Store
from store.lock import Lock
from store.protocol import Outcome
from store.sqlite import SqliteWriteSide
from store.writer import Writer

TRANSPORT = "import"
GRACE_S = 60.0


class Local:
    """Write requests to the database in this process."""

    def __init__(self, writer: Writer, redaction: Redaction) -> None:
        """Hand batches to a writer that runs."""
        self._writer, self._redaction = writer, redaction

    def take(self, signal: Signal, encoding: str, body: bytes) -> Outcome:
        """Return when a request is durable; raise what a daemon would have answered."""
        request = Request(signal, encoding, TRANSPORT, body)
        now = time.time_ns()
        try:
            batch = self._decoded(request, now)
        except Refused as error:
            refused = refusal(request, error, received_at=now, redaction=self._redaction)
            self._writer.submit(refused).result()
            raise
        outcome = self._writer.submit(batch).result()
        verdict(batch, outcome)
        return outcome

    def again(self, row: Row) -> Again:
        """Send again what was refused, as `replaying` does."""
        if not can_be_sent(row):
            return Again(row["id"], kept=False, message=LOST)
        try:
            batch = self._decoded(
                Request(Signal(row["signal"]), row["encoding"], AGAIN, row["payload"]), time.time_ns()
            )
        except Refused as error:
            return Again(row["id"], kept=False, message=str(error))
        if is_refused(batch):
            return Again(row["id"], kept=False, message=batch.message)
        self._writer.submit(batch).result()
        self._writer.run(lambda side: side.apply(settled(row["id"]))).result()
        return Again(row["id"], kept=True, message=batch.message)

    def _decoded(self, request: Request, now: int) -> Batch:
        told = request.transport
        return decode(
            request.signal, request.encoding, request.body, transport=told, received_at=now, redaction=self._redaction
        )


@contextmanager
def local(settings: Store, wanted: Wanted) -> Iterator[Local]:
    """Hold the database's lock for the length of a block."""
    if settings.path is None:
        raise Misconfigured("no database is named; set store.path")
    with Lock(settings.path):
        writer = Writer(lambda: SqliteWriteSide(settings), queue_bytes=settings.queue_bytes)
        writer.start()
        try:
            yield Local(writer, Redaction(wanted))
        finally:
            writer.stop(GRACE_S)
