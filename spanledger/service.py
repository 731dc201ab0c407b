"""Build the daemon from its configuration, run it, and take it down in order.

What others depend on starts first and stops last: lock, writer, listeners.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog

from api import erasing, rejections, retention
from api.exporting import Exporting
from api.operations import PREFIX
from api.readers import Readers
from api.rejections import Rejections
from api.routes import Api
from collector import http, otlp_grpc
from collector.admission import Admission
from collector.bodies import Bodies
from collector.decoding import Decoding
from collector.ingest import Ingest
from collector.intake import Intake
from collector.rates import Rates
from collector.replaying import Replays
from core.counters import Counters
from core.errors import SpanledgerError
from core.loop import every
from core.memory import give_back, resident_bytes
from core.section import Address
from derive.channel import IndexStart, Start
from derive.following import Following
from derive.index_following import IndexFollowing
from derive.keeping import Keeping
from exporters.exports import Exports
from exporters.reporting import Reporting
from mcp_server.http import Mcp, Parts
from mirror.mirroring import Database, Mirror
from mirror.routes import Routes
from retention.archive import archiving
from retention.keeper import Keeper
from schema.derived import Changes
from schema.signals import Signal
from spanledger import __version__
from spanledger.config import Config
from spanledger.doors import Doors
from spanledger.gauges import Gauges, describe
from spanledger.helping import helpers
from spanledger.mending import letting_in, mended
from store.console import SqliteConsole
from store.disk import free_bytes
from store.lock import Lock
from store.old import SqliteOldSide
from store.protocol import WriteSide
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from store.tracks import Tracks
from store.writer import Writer
from web.app import SCOPES, Pages
from web.daemon import Daemon

log = structlog.get_logger()
T = TypeVar("T")

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
        self._config = config
        self._changes = 0
        self.counters = Counters()
        self.counters.begin(Signal, ("grpc", "http"))
        self.writer = Writer(
            lambda: SqliteWriteSide(config.store),
            queue_bytes=config.store.queue_bytes,
            group_bytes=config.store.group_bytes,
            took=self.counters.commit_seconds.observe,
        )
        self.following = Following(_start(config), self._write, busy=self._busy, wanted=lambda: self.writer.commits > 0)
        self.keeping = Keeping(self.following, IndexFollowing(_index_start(config), self._write, busy=self._busy))
        self.doors = Doors(self.writer, config.collector.tokens)
        limits = config.collector.limits
        self.ingest = Ingest(
            self.writer,
            self.counters,
            wait_s=limits.wait,
            answer_within_s=limits.answer_within,
            decoding=Decoding(config.privacy.wanted()),
        )
        self._intake = Intake(
            limits=limits,
            gate=self.doors.gate,
            admission=Admission(limit_bytes=limits.in_flight_bytes, wait_s=limits.wait),
            ingest=self.ingest,
            counters=self.counters,
            rates=Rates(limits.requests_per_second, clock=time.monotonic),
        )
        path = _path(config)
        body = Bodies(self._intake).read
        self.keeper = Keeper(
            config.retention,
            lambda: SqliteOldSide(path),
            self.writer.run,
            busy=self._busy,
            is_derived=lambda: self.following.is_level,
            is_near=lambda: self.following.is_near(time.time_ns()),
            free=lambda: free_bytes(path),
            helpers=helpers(config, self.following, self.keeping.indexing, self._keeper_is_over),
            archive=partial(archiving, config.retention),
        )
        self.api = Api(
            lambda: SqliteReadSide(path),
            lambda: SqliteConsole(path),
            self._run,
            body,
            self.keeping,
            self.doors,
            track=Tracks(self._run).track,
            version=__version__,
        )
        self.mirror = Mirror(config.sync, Database(lambda: SqliteReadSide(path), self._write))
        self.exports = Exports(config.exporters, lambda: SqliteReadSide(path), self._apply)
        self.exporting = Exporting(lambda: SqliteReadSide(path))
        replays = Replays(lambda: SqliteReadSide(path), self.ingest, self._run)
        self.rejections = Rejections(replays, self._apply, body)
        self.reporting = Reporting(config.telemetry, self.counters, describe(path, __version__), self._ports)
        self._gauges = Gauges(self, config.store)
        self.pages = self._pages(path)
        parts = Parts(
            Readers(lambda: SqliteReadSide(path)), lambda: SqliteConsole(path), self._run, self.doors.gate.check
        )
        self.agents = Mcp(parts, Bodies(self._intake).read, version=__version__)
        self.grpc = self._grpc() if config.collector.grpc.endpoint else None
        self.http = self._http() if config.collector.http.endpoint else None

    @property
    def _listeners(self) -> list[otlp_grpc.Listener | http.Listener]:
        return [listener for listener in (self.grpc, self.http) if listener is not None]

    async def start(self, stack: AsyncExitStack) -> None:
        """Start the parts in order, each with how to stop it."""
        path = _path(self._config)
        lock = stack.enter_context(Lock(path))
        tokens = self._mended() if lock.was_left else ()
        stack.callback(self.ingest.close)
        stack.callback(self.api.close)
        stack.callback(self.exporting.close)
        stack.callback(self.pages.close)
        stack.push_async_callback(self.agents.stop)
        self.writer.start()
        stack.push_async_callback(self._stop)
        if tokens:
            await asyncio.wrap_future(self._apply(letting_in(tokens)))
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
        log.info("ready", grpc=self.grpc_address, http=self.http_address, db=str(path))

    def _mended(self) -> Sequence[dict[str, Any]]:
        guarded = bool(self._config.collector.tokens)
        return mended(self._config.store, is_guarded=guarded, now=time.time())

    async def _stop(self) -> None:
        """Close both doors at once, finish what is inside, write it; all within eight seconds (reliability.md P5)."""
        began = time.monotonic()
        self.pages.live.close()
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

    async def ready(self) -> str:
        """Say why requests cannot be kept now; empty when they can (otlp.md O01)."""
        try:
            await asyncio.wait_for(asyncio.wrap_future(self.writer.run(lambda side: side.probe())), 2)
        except (SpanledgerError, TimeoutError) as error:
            return str(error) or "the writer does not answer"
        return ""

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
        return self._intake.admission.in_flight_bytes

    def _ports(self) -> set[int]:
        return {listener.port for listener in self._listeners}

    def _keeper_is_over(self) -> bool:
        return self.keeper.is_over()

    def _busy(self) -> bool:
        return self.writer.queued_batches > 0

    def _run(self, work: Callable[[WriteSide], T]) -> "Future[T]":
        """Have the writer do something, and count it as a change when it is done."""
        future = self.writer.run(work)
        future.add_done_callback(self._changed)
        return future

    def _changed(self, _done: "Future[Any]") -> None:
        self._changes += 1

    def _apply(self, changes: Changes) -> "Future[list[int]]":
        return self._run(lambda side: side.apply(changes))

    def _write(self, changes: Changes) -> None:
        if changes.told is None:
            self._apply(changes).result()
            return
        refused = self._run(lambda side: side.hear(changes)).result()
        for fault in refused:
            self.counters.commands_rejected.labels(fault.code, fault.event).inc()
        if refused:
            log.warning(
                "commands were refused", commands=len(refused), first=[fault.line() for fault in refused[:LOGGED]]
            )

    async def _look(self) -> None:
        if self.http is not None:
            self.http.refresh()
        is_ready = not await self.ready()
        await asyncio.to_thread(self._gauges.publish, is_ready=is_ready)
        if self.grpc is not None:
            await self.grpc.serving(now=is_ready)
        if not self.in_flight_bytes and resident_bytes() > IDLE_BYTES:
            await asyncio.to_thread(give_back)

    def _grpc(self) -> otlp_grpc.Listener:
        return otlp_grpc.Listener(self._config.collector.grpc, self._intake)

    def _pages(self, path: Path) -> Pages:
        daemon = Daemon(
            open_reader=lambda: SqliteReadSide(path),
            open_console=lambda: SqliteConsole(path),
            version=lambda: self.writer.commits + self._changes,
            deriving=self.following.state,
            rejections=self.rejections,
            admit=self.doors.gate.check,
            grpc=lambda: self.grpc_address,
            http=lambda: self.http_address,
            database=path,
            release=__version__,
        )
        return Pages(daemon, Bodies(self._intake).read)

    def _http(self) -> http.Listener:
        settings = self._config.collector.http
        mirrored = Routes(self.mirror, self._apply, Bodies(self._intake).read)
        pages = [*self.pages.routes(), *self.agents.routes()]
        routes = [*self.api.routes(), *self.exporting.routes(), *mirrored.routes(PREFIX), *pages]
        routes += [*retention.routes(self.keeper), *erasing.routes(self.keeper), *self.rejections.routes()]
        scopes = self.api.scopes() | mirrored.scopes(PREFIX) | SCOPES | retention.scopes() | self.agents.scopes()
        scopes |= rejections.scopes() | erasing.scopes()
        told = self.pages.told
        app = http.application(self._intake, settings, ready=self.ready, api=routes, scopes=scopes, told=told)
        return http.Listener(settings, self._intake, app)


LOGGED = 5
"""Refused commands that are logged in words at a time."""
IDLE_BYTES = 128 << 20
"""Above this, an idle daemon asks the allocator to give memory back."""


def _path(config: Config) -> Path:
    assert config.store.path is not None, "the configuration always has a path by now"
    return config.store.path


def _start(config: Config) -> Start:
    told = config.derive
    return Start(_path(config), *(int(seconds * 1e9) for seconds in (told.job_grace, told.session_idle, told.park)))


def _index_start(config: Config) -> IndexStart:
    return IndexStart(_path(config), config.store.min_free_disk, config.store.min_free_percent)


def _address(configured: Address | None, listener: otlp_grpc.Listener | http.Listener | None) -> str | None:
    if configured is None or listener is None:
        return None
    return str(Address(configured.host, listener.port))
