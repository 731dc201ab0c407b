"""Build the daemon from its configuration, run it, and take it down in order.

What others depend on starts first and stops last: lock, writer, listeners.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from collector import http, otlp_grpc
from collector.admission import Admission
from collector.decoding import Decoding
from collector.ingest import Ingest
from collector.intake import Intake
from collector.rates import Rates
from core.counters import Counters
from core.loop import every
from core.memory import give_back, resident_bytes
from core.section import Address
from derive.channel import IndexStart, Start
from derive.following import Following
from derive.index_following import IndexFollowing
from derive.keeping import Keeping
from exporters.exports import Exports
from exporters.reporting import Reporting
from mirror.mirroring import Database, Mirror
from retention.archive import archiving
from retention.keeper import Keeper
from schema.signals import Signal
from spanledger import __version__
from spanledger.config import Config
from spanledger.doors import Doors
from spanledger.front import Front
from spanledger.gauges import Gauges, describe
from spanledger.helping import helpers
from spanledger.mending import letting_in, mended
from spanledger.writing import Writing
from store.disk import free_bytes
from store.lock import Lock
from store.old import SqliteOldSide
from store.reading import SqliteReadSide

log = structlog.get_logger()

DRAIN_S = 4.0
STOP_S = 6.5
"""Requests under way get the first to end, the writer what is left of the second; the rest is for closing."""
WATCH_S = 1.0
NOTE_S = 60.0
"""How often it is written down when tokens were last shown."""


class Service:
    """Hold the daemon's parts."""

    def __init__(self, config: Config) -> None:
        """Put the parts together; open nothing."""
        self._config, self._path = config, _path(config)
        self.counters = Counters()
        self.counters.begin(Signal, ("grpc", "http"))
        self.writing = Writing(config.store, self.counters)
        self.writer = self.writing.writer
        self.doors = Doors(self.writer, config.collector.tokens)
        self.ingest = self._ingest()
        self.intake = self._intake()
        self.following = self._following()
        self.keeping = Keeping(self.following, self._indexing())
        self.keeper = self._keeper()
        self.mirror = Mirror(config.sync, Database(self._reader, self.writing.write))
        endpoints = (config.collector.grpc.endpoint, config.collector.http.endpoint)
        ports = {one.port for one in endpoints if one is not None}
        self.exports = Exports(config.exporters, self._reader, self.writing.apply, ports)
        self.front = Front(self, self._path)
        self.grpc = otlp_grpc.Listener(config.collector.grpc, self.intake) if config.collector.grpc.endpoint else None
        self.http = self._http() if config.collector.http.endpoint else None
        self.reporting = Reporting(config.telemetry, self.counters, describe(self._path, __version__), self._ports)
        self._gauges = Gauges(self, config.store)

    @property
    def _listeners(self) -> list[otlp_grpc.Listener | http.Listener]:
        return [listener for listener in (self.grpc, self.http) if listener is not None]

    async def start(self, stack: AsyncExitStack) -> None:
        """Start the parts in order, each with how to stop it."""
        lock = stack.enter_context(Lock(self._path))
        tokens = self._mended() if lock.was_left else ()
        stack.callback(self.ingest.close)
        stack.callback(self.front.close)
        stack.push_async_callback(self.front.stop)
        self.writer.start()
        stack.push_async_callback(self._stop)
        if tokens:
            await asyncio.wrap_future(self.writing.apply(letting_in(tokens)))
        await self.doors.renew()
        self.doors.check_exposure(self._config.collector)
        self.keeping.start()
        stack.callback(self.keeping.stop)
        self.keeper.start()
        stack.callback(self.keeper.stop)
        self.mirror.start()
        stack.push_async_callback(asyncio.to_thread, self.mirror.stop)
        await asyncio.to_thread(self.exports.start)
        stack.push_async_callback(asyncio.to_thread, self.exports.stop)
        for listener in self._listeners:
            await listener.start()
        self.reporting.start()
        stack.push_async_callback(asyncio.to_thread, self.reporting.stop)
        lock.describe(grpc=self.grpc_address, http=self.http_address, started_at=time.time(), secret=self.doors.secret)
        self.front.pages.warm()
        log.info("ready", grpc=self.grpc_address, http=self.http_address, db=str(self._path))

    def _mended(self) -> Sequence[dict[str, Any]]:
        guarded = bool(self._config.collector.tokens)
        return mended(self._config.store, is_guarded=guarded, now=time.time())

    async def _stop(self) -> None:
        """Close both doors at once, finish what is inside, write it; all within eight seconds (reliability.md P5)."""
        began = time.monotonic()
        self.front.pages.live.close()
        await asyncio.gather(*(listener.stop(DRAIN_S) for listener in self._listeners))
        left = max(1.0, STOP_S - (time.monotonic() - began))
        await asyncio.to_thread(self.writer.stop, left)

    async def watch(self, stop: asyncio.Event) -> None:
        """Publish health and give memory back once a second until told to stop."""
        works = ((WATCH_S, self._look, "watch"), (NOTE_S, self.doors.note_uses, "note uses"))
        tasks = {asyncio.create_task(every(s, work, stop=stop, name=name), name=name) for s, work, name in works}
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    @property
    def grpc_address(self) -> str | None:
        """Write where gRPC is listened for."""
        return _address(self._config.collector.grpc.endpoint, self.grpc)

    @property
    def http_address(self) -> str | None:
        """Write where HTTP is listened for."""
        return _address(self._config.collector.http.endpoint, self.http)

    @property
    def in_flight_bytes(self) -> int:
        """Count the bytes of requests that are not answered yet."""
        return self.intake.admission.in_flight_bytes

    def _ports(self) -> set[int]:
        return {listener.port for listener in self._listeners}

    async def _look(self) -> None:
        if self.http is not None:
            self.http.refresh()
        is_ready = not await self.writing.ready()
        await asyncio.to_thread(self._gauges.publish, is_ready=is_ready)
        if self.grpc is not None:
            await self.grpc.serving(now=is_ready)
        if not self.in_flight_bytes and resident_bytes() > IDLE_BYTES:
            await asyncio.to_thread(give_back)

    def _reader(self) -> SqliteReadSide:
        return SqliteReadSide(self._path)

    def _ingest(self) -> Ingest:
        limits = self._config.collector.limits
        return Ingest(
            self.writer,
            self.counters,
            wait_s=limits.wait,
            answer_within_s=limits.answer_within,
            decoding=Decoding(self._config.privacy.wanted()),
        )

    def _intake(self) -> Intake:
        limits = self._config.collector.limits
        return Intake(
            limits=limits,
            gate=self.doors.gate,
            admission=Admission(limit_bytes=limits.in_flight_bytes, wait_s=limits.wait),
            ingest=self.ingest,
            counters=self.counters,
            rates=Rates(limits.requests_per_second, clock=time.monotonic),
        )

    def _following(self) -> Following:
        told = self._config.derive
        times = (int(seconds * 1e9) for seconds in (told.job_grace, told.session_idle, told.park))
        writing = self.writing
        return Following(Start(self._path, *times), writing.write, busy=writing.busy, wanted=writing.has_begun)

    def _indexing(self) -> IndexFollowing:
        store = self._config.store
        start = IndexStart(self._path, store.min_free_disk, store.min_free_percent)
        return IndexFollowing(start, self.writing.write, busy=self.writing.busy)

    def _keeper(self) -> Keeper:
        return Keeper(
            self._config.retention,
            lambda: SqliteOldSide(self._path),
            self.writer.run,
            busy=self.writing.busy,
            is_derived=lambda: self.following.is_level,
            is_near=lambda: self.following.is_near(time.time_ns()),
            free=lambda: free_bytes(self._path),
            helpers=helpers(self._config, self.following, self.keeping.indexing, self._keeper_is_over),
            archive=partial(archiving, self._config.retention),
        )

    def _keeper_is_over(self) -> bool:
        return self.keeper.is_over()

    def _http(self) -> http.Listener:
        settings, front = self._config.collector.http, self.front
        app = http.application(
            self.intake,
            settings,
            ready=self.writing.ready,
            api=front.routes(),
            scopes=front.scopes(),
            told=front.pages.told,
        )
        return http.Listener(settings, self.intake, app)


IDLE_BYTES = 128 << 20
"""Above this, an idle daemon asks the allocator to give memory back."""


def _path(config: Config) -> Path:
    assert config.store.path is not None, "the configuration always has a path by now"
    return config.store.path


def _address(configured: Address | None, listener: otlp_grpc.Listener | http.Listener | None) -> str | None:
    if configured is None or listener is None:
        return None
    return str(Address(configured.host, listener.port))
