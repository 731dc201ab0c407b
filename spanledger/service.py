"""Build the daemon from its configuration, run it, and take it down in order.

What others depend on starts first and stops last: lock, writer, listeners.
"""

import asyncio
import signal
import sys
import time
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from api.routes import Api
from collector import http, otlp_grpc
from collector.admission import Admission, Gate
from collector.bodies import Bodies
from collector.config import Collector
from collector.ingest import Ingest
from collector.intake import Intake
from core.counters import Counters
from core.errors import Misconfigured, SpanledgerError
from core.loop import every
from core.memory import collect_seldom, frugal, give_back, resident_bytes
from core.section import Address
from derive.channel import Start
from derive.following import Following
from schema.derived import Changes
from spanledger import __version__
from spanledger.config import Config
from store.lock import Lock
from store.sqlite import SqliteReadSide, SqliteWriteSide
from store.writer import Writer

log = structlog.get_logger()

DRAIN_S = 4.0
STOP_S = 6.5
"""Requests under way get the first to end, the writer what is left of the second; the rest is for closing."""
WATCH_S = 1.0
SWITCH_INTERVAL_S = 0.001
"""How long a thread may hold the interpreter; the writer must not wait 5 ms for each statement."""


def run(config: Config) -> int:
    """Serve until SIGTERM or SIGINT; give the exit status."""
    frugal()
    collect_seldom()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return asyncio.run(_run(config))


async def _run(config: Config) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, log.info, "the configuration is read at the start only; restart to apply it")
    async with AsyncExitStack() as stack:
        service = Service(config)
        await service.start(stack)
        await service.watch(stop)
        log.info("stopping")
    log.info("stopped")
    return 0


class Service:
    """Hold the daemon's parts."""

    def __init__(self, config: Config) -> None:
        """Check what the configuration alone can tell; open nothing."""
        _check_exposure(config.collector)
        self._config = config
        self.counters = Counters()
        self.writer = Writer(
            lambda: SqliteWriteSide(config.store),
            queue_bytes=config.store.queue_bytes,
            group_bytes=config.store.group_bytes,
        )
        self.following = Following(_start(config), self._write, busy=lambda: self.writer.queued_batches > 0)
        limits = config.collector.limits
        self.ingest = Ingest(self.writer, self.counters, wait_s=limits.wait, answer_within_s=limits.answer_within)
        self._intake = Intake(
            limits=limits,
            gate=Gate([token.get_secret_value() for token in config.collector.tokens]),
            admission=Admission(limit_bytes=limits.in_flight_bytes, wait_s=limits.wait),
            ingest=self.ingest,
            counters=self.counters,
        )
        path = _path(config)
        body = Bodies(self._intake).read
        self.api = Api(lambda: SqliteReadSide(path), self.writer.run, body, self.following, version=__version__)
        self.grpc = self._grpc() if config.collector.grpc.endpoint else None
        self.http = self._http() if config.collector.http.endpoint else None

    @property
    def _listeners(self) -> list[otlp_grpc.Listener | http.Listener]:
        return [listener for listener in (self.grpc, self.http) if listener is not None]

    async def start(self, stack: AsyncExitStack) -> None:
        """Start the parts in order, each with how to stop it."""
        path = _path(self._config)
        lock = stack.enter_context(Lock(path))
        stack.callback(self.ingest.close)
        stack.callback(self.api.close)
        self.writer.start()
        stack.push_async_callback(self._stop)
        self.following.start()
        stack.callback(self.following.stop)
        for listener in self._listeners:
            await listener.start()
        lock.describe(grpc=self.grpc_address, http=self.http_address, started_at=time.time())
        log.info("ready", grpc=self.grpc_address, http=self.http_address, db=str(path))

    async def _stop(self) -> None:
        """Close both doors at once, finish what is inside, write it; all within eight seconds (reliability.md P5)."""
        began = time.monotonic()
        await asyncio.gather(*(listener.stop(DRAIN_S) for listener in self._listeners))
        left = max(1.0, STOP_S - (time.monotonic() - began))
        await asyncio.to_thread(self.writer.stop, left)

    async def watch(self, stop: asyncio.Event) -> None:
        """Publish health and give memory back once a second until told to stop."""
        watching = asyncio.create_task(every(WATCH_S, self._look, stop=stop, name="watch"), name="watch")
        await stop.wait()
        watching.cancel()
        await asyncio.wait({watching})

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

    def _apply(self, changes: Changes) -> "Future[list[int]]":
        return self.writer.run(lambda side: side.apply(changes))

    def _write(self, changes: Changes) -> None:
        self._apply(changes).result()

    async def _look(self) -> None:
        counters, writer = self.counters, self.writer
        counters.queued_bytes.set(writer.queued_bytes)
        counters.commit_seconds.set(writer.last_commit_s)
        counters.commits.set(writer.commits)
        counters.underived.set(self.following.backlog.rows)
        counters.derive_failures.set(self.following.failures)
        counters.derive_restarts.set(self.following.restarts)
        counters.in_flight_bytes.set(self._intake.admission.in_flight_bytes)
        if self.grpc is not None:
            await self.grpc.serving(now=not await self.ready())
        if not self._intake.admission.in_flight_bytes and resident_bytes() > IDLE_BYTES:
            await asyncio.to_thread(give_back)

    def _grpc(self) -> otlp_grpc.Listener:
        return otlp_grpc.Listener(self._config.collector.grpc, self._intake)

    def _http(self) -> http.Listener:
        settings = self._config.collector.http
        app = http.application(self._intake, settings, ready=self.ready, api=self.api.routes())
        return http.Listener(settings, self._intake, app)


IDLE_BYTES = 128 << 20
"""Above this, an idle daemon asks the allocator to give memory back."""


def _path(config: Config) -> Path:
    assert config.store.path is not None, "the configuration always has a path by now"
    return config.store.path


def _start(config: Config) -> Start:
    return Start(_path(config), int(config.derive.job_grace * 1e9), int(config.derive.session_idle * 1e9))


def _address(configured: Address | None, listener: otlp_grpc.Listener | http.Listener | None) -> str | None:
    if configured is None or listener is None:
        return None
    return str(Address(configured.host, listener.port))


def _check_exposure(settings: Collector) -> None:
    """Refuse to listen beyond this machine without credentials unless told to (otlp.md S01)."""
    open_to_all = [
        str(part.endpoint)
        for part in (settings.grpc, settings.http)
        if part.endpoint is not None and part.endpoint.host not in http.LOOPBACK_NAMES
    ]
    if open_to_all and not settings.tokens and not settings.insecure_no_auth:
        message = (
            f"{', '.join(open_to_all)} can be reached from other machines and no token is set; "
            "set [collector] tokens, or insecure_no_auth = true if the network is trusted"
        )
        raise Misconfigured(message)
