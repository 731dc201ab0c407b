"""Decode requests without holding up the loop or the writer.

Small requests are decoded at once, larger ones by the helper process.
Until that is up, and whenever it is lost, and for the largest, a thread does it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf
from threading import Lock

from collector.commands import decode
from collector.helper import Helper, Job, LostError
from privacy.redaction import Redaction
from privacy.wanted import ALL, Wanted
from schema.rows import Batch

log = logging.getLogger(__name__)

INLINE_BYTES = 32 << 10
"""Up to here, decoding is quicker than handing it to another thread."""
HELPER_BYTES = 8 << 20
"""Beyond this, speed matters less than that no body is in memory twice, and that one at a time is decoded."""
THREADS = 2
"""One waits for an answer while the other sends the next."""
START_AGAIN_S = 10.0


class Decoding:
    """Own the threads that wait for larger requests, and the helper, which starts with the first of these."""

    def __init__(
        self,
        wanted: Wanted = ALL,
        *,
        start: Callable[[], Helper] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start nothing yet; what is not `wanted` is left out of every batch."""
        self.redaction = Redaction(wanted)
        self.lost = 0
        self._threads = ThreadPoolExecutor(THREADS, "decode")
        self._start, self._clock = start or partial(Helper, wanted), clock
        self._lock = Lock()
        self._largest = asyncio.Lock()
        self._helper: Helper | None = None
        self._start_at = clock()

    async def decode(self, job: Job) -> Batch:
        """Decode a request; raise Refused when nothing can be made of it."""
        if len(job[2]) <= INLINE_BYTES:
            return self._here(job)
        if len(job[2]) <= HELPER_BYTES:
            return await self._in_thread(job)
        async with self._largest:
            return await self._in_thread(job)

    def close(self) -> None:
        """Let the helper and the threads go; what is still under way is decoded by these."""
        with self._lock:
            helper, self._helper, self._start_at = self._helper, None, inf
        if helper is not None:
            helper.close()
        self._threads.shutdown()

    async def _in_thread(self, job: Job) -> Batch:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._decode, job)

    def _decode(self, job: Job) -> Batch:
        helper = self._ready_helper() if len(job[2]) <= HELPER_BYTES else None
        if helper is not None:
            try:
                return helper.decode(job)
            except LostError as error:
                self._lose(helper, error)
        return self._here(job)

    def _here(self, job: Job) -> Batch:
        signal, encoding, body, transport, received_at = job
        return decode(signal, encoding, body, transport=transport, received_at=received_at, redaction=self.redaction)

    def _ready_helper(self) -> Helper | None:
        """Give the helper once it is up; start it if there is none."""
        helper = None
        try:
            with self._lock:
                if self._helper is None and self._clock() >= self._start_at:
                    self._start_at = self._clock() + START_AGAIN_S
                    self._helper = self._start()
                helper = self._helper
            return helper if helper is not None and helper.up() else None
        except LostError as error:
            self._lose(helper, error)
            return None

    def _lose(self, helper: Helper | None, error: LostError) -> None:
        """Do without it for a while; the first thread to notice says so."""
        with self._lock:
            if helper is not self._helper:
                return
            self._helper = None
            self._start_at = max(self._start_at, self._clock() + START_AGAIN_S)
            self.lost += 1
        if helper is not None:
            helper.close()
        log.warning(
            "the decoding process ended, a thread decodes until it is started again", extra={"error": str(error)}
        )
