"""Take one request from bytes to a durable answer.

Both listeners and the importer come through here, so all tell the same truth.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from collector.decoding import Decoding
from collector.helper import Job
from core.counters import Counters
from core.errors import NothingAccepted, Refused, TryAgain
from privacy.redaction import Redaction
from schema.rows import Batch, Rejection
from schema.signals import Signal
from store.protocol import Outcome
from store.writer import Writer
from tracking.vocabulary import EVENTS

log = logging.getLogger(__name__)

KEPT_BYTES = 1 << 20
"""An undecodable body is kept for replay up to this size."""
WARN_EVERY_S = 60.0
LOGGED = 5
"""Refused commands of a request that are logged in words."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request whose body is whole and decompressed."""

    signal: Signal
    encoding: str
    transport: str
    body: bytes

    def job(self, received_at: int) -> Job:
        """Say what there is to decode."""
        return (self.signal, self.encoding, self.body, self.transport, received_at)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Say what to answer to a request of which something was kept."""

    rejected: int
    message: str


@dataclass(slots=True)
class Ingest:
    """Decode, wait for the commit, answer."""

    writer: Writer
    counters: Counters
    wait_s: float = 3.0
    answer_within_s: float = 5.0
    decoding: Decoding = field(default_factory=Decoding)
    clock: Callable[[], int] = time.time_ns
    monotonic: Callable[[], float] = time.monotonic
    _warned: dict[Signal, float] = field(default_factory=dict)

    async def take(self, request: Request) -> Accepted:
        """Keep what can be kept of a request; return once that is durable.

        Raise Refused when nothing of it can be, TryAgain when it cannot be now.
        """
        try:
            batch = await self.decoding.decode(request.job(self.clock()))
        except Refused as error:
            await self.refuse(request, error)
            raise
        outcome = await self.writer.put(batch, wait_s=self.wait_s, answer_s=self.answer_within_s)
        self._count(batch, outcome)
        self._tell(batch)
        accepted = verdict(batch, outcome)
        return accepted if accepted.message else Accepted(accepted.rejected, self._warning(batch))

    async def retake(self, request: Request) -> str:
        """Keep what can be kept of a request that was refused before; give what there is to say of it.

        Raise Refused, and write nothing down, when that is nothing still.
        """
        batch = await self.decoding.decode(request.job(self.clock()))
        if is_refused(batch):
            raise NothingAccepted(batch.message)
        outcome = await self.writer.put(batch, wait_s=self.wait_s, answer_s=self.answer_within_s)
        self._count(batch, outcome)
        return batch.message

    async def refuse(self, request: Request, error: Refused) -> None:
        """Write a request that is refused as a whole into the books, as far as the store can take it now."""
        batch = refusal(request, error, received_at=self.clock(), redaction=self.decoding.redaction)
        try:
            await self.writer.put(batch, wait_s=self.wait_s, answer_s=self.answer_within_s)
        except TryAgain as busy:
            self.counters.turned_away.labels(f"refusal_{busy.reason}").inc()

    def close(self) -> None:
        """Let what decodes go."""
        self.decoding.close()

    def _warning(self, batch: Batch) -> str:
        """Tell a sender of an oddity, once a minute a signal: Go reports each as an error (otlp.md R09)."""
        if not batch.warnings:
            return ""
        self.counters.warned.labels(batch.signal, batch.transport).inc()
        now = self.monotonic()
        if now - self._warned.get(batch.signal, -WARN_EVERY_S) < WARN_EVERY_S:
            return ""
        self._warned[batch.signal] = now
        return "; ".join(batch.warnings[:3])[:1000]

    def _tell(self, batch: Batch) -> None:
        """Count and log commands that cannot be done: most senders' libraries never show an answer's message."""
        for one in batch.violations:
            self.counters.commands_rejected.labels(
                one.code, one.event_name if one.event_name in EVENTS else OTHER
            ).inc()
        if batch.violations:
            some = [one.message for one in batch.violations[:LOGGED]]
            log.warning("commands were refused", extra={"commands": len(batch.violations), "first": some})

    def _count(self, batch: Batch, outcome: Outcome) -> None:
        origin = (batch.signal, batch.transport)
        self.counters.received.labels(*origin).inc(batch.received)
        self.counters.stored.labels(*origin).inc(outcome.stored)
        self.counters.duplicate.labels(*origin).inc(outcome.duplicate)
        self.counters.rejected.labels(*origin).inc(outcome.rejected)
        self.counters.repaired.labels(*origin).inc(outcome.repaired)
        self.counters.conflicts.labels(*origin).inc(outcome.conflicts)
        for reason, items in _by_reason(batch).items() if outcome.rejected else ():
            self.counters.refused.labels(batch.signal, reason).inc(items)


def _by_reason(batch: Batch) -> Counter[str]:
    found: Counter[str] = Counter()
    for rejection in batch.rejections:
        found[rejection.reason] += rejection.items
    return found


def verdict(batch: Batch, outcome: Outcome) -> Accepted:
    """Say what to answer; a replay is answered like the first time.

    Raise NothingAccepted when every item was refused; a command that was refused is a record that was kept.
    """
    message = outcome.message if outcome.replayed else batch.message
    if is_refused(batch):
        raise NothingAccepted(message)
    return Accepted(outcome.first_rejected if outcome.replayed else batch.told_rejected, message)


def is_refused(batch: Batch) -> bool:
    """Say whether nothing of a request can be kept."""
    return bool(batch.rejected) and batch.rejected == batch.received


def refusal(request: Request, error: Refused, *, received_at: int, redaction: Redaction) -> Batch:
    """Make the batch that writes a request refused as a whole into the books.

    A body over 1 MiB is not kept, nor one that may hold what is never kept.

    It leaves no fingerprint: the same bytes, sent again under their right name, are no replay.
    """
    small = 0 < len(request.body) <= KEPT_BYTES
    payload = redaction.payload(request.body) if small else None
    rejection = Rejection("request", error.reason, str(error), payload, items=0)
    size = len(payload or b"")
    return Batch(request.signal, request.encoding, request.transport, received_at, size, rejections=[rejection])
