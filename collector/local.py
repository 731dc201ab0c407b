"""Take requests without a network: into a database that no daemon holds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from collector.commands import decode
from collector.ingest import Request, refusal, verdict
from core.errors import Misconfigured, Refused
from privacy.redaction import Redaction
from privacy.wanted import Wanted
from schema.signals import Signal
from store.config import Store
from store.lock import Lock
from store.protocol import Outcome
from store.sqlite import SqliteWriteSide
from store.writer import Writer

TRANSPORT = "import"
GRACE_S = 60.0

Take = Callable[[Signal, str, bytes], Outcome]


@contextmanager
def local(settings: Store, wanted: Wanted) -> Iterator[Take]:
    """Hold the database's lock for the length of a block; give what takes (signal, encoding, body).

    Taking returns when the request is durable, and raises what a daemon would have answered.
    """
    if settings.path is None:
        raise Misconfigured("no database is named; set store.path")
    with Lock(settings.path):
        writer = Writer(lambda: SqliteWriteSide(settings), queue_bytes=settings.queue_bytes)
        writer.start()
        redaction = Redaction(wanted)
        try:
            yield lambda signal, encoding, body: _take(writer, redaction, signal, encoding, body)
        finally:
            writer.stop(GRACE_S)


def _take(writer: Writer, redaction: Redaction, signal: Signal, encoding: str, body: bytes) -> Outcome:
    now = time.time_ns()
    try:
        batch = decode(signal, encoding, body, transport=TRANSPORT, received_at=now, redaction=redaction)
    except Refused as error:
        refused = refusal(Request(signal, encoding, TRANSPORT, body), error, received_at=now, redaction=redaction)
        writer.submit(refused).result()
        raise
    outcome = writer.submit(batch).result()
    verdict(batch, outcome)
    return outcome
