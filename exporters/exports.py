"""Own the threads that send on, one for each exporter in the configuration."""

import random
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any, Final

import orjson

from core.counters import Counters
from core.errors import TryAgain
from exporters.config import Exporter as Settings
from exporters.config import Receiver
from exporters.cursors import COUNTS, Cursor, Cursors
from exporters.exporter import Exporter, Receiving
from exporters.files import STAMP, FileExporter
from exporters.follow import Follower
from exporters.loops import refuse
from exporters.parquet import ParquetExporter
from exporters.waiting import Waiting
from schema.derived import Changes, Step
from store.protocol import ReadSide

STOP_S: Final = 2.0


class Exports:
    """Start and stop; the future of `write` is done when a change is durable."""

    def __init__(
        self,
        settings: Mapping[str, Settings],
        open_reader: Callable[[], ReadSide],
        write: Callable[[Changes], "Future[Any]"],
        ports: Collection[int] = (),
    ) -> None:
        """Start nothing yet; `ports` are those that the daemon listens on."""
        self._settings, self._open, self._write, self._ports = settings, open_reader, write, ports
        self._over = Event()
        self._followers: list[Follower] = []
        self._threads: list[Thread] = []

    def start(self) -> None:
        """Let go of exporters that are no longer configured, and start the others; raise Misconfigured for a loop."""
        refuse({name: one.endpoint for name, one in self._settings.items() if one.endpoint}, self._ports)
        names = orjson.dumps(list(self._settings)).decode()
        with suppress(TryAgain):  # a full disk must not keep the daemon from starting; the next start does it
            self._write(Changes(steps=[Step("retire_cursors", {"names": names})])).result()
        for name, settings in self._settings.items():
            thread = Thread(target=self._run, args=(name, settings), name=f"export {name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stop; a request that the far side does not answer is left alone."""
        self._over.set()
        until = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def state(self) -> list[dict[str, Any]]:
        """Say of each exporter and signal what became of its items, and of what it waits for."""
        return [
            {
                "exporter": follower.name,
                "signal": str(cursor.signal),
                "waiting": follower.behind.get(cursor.signal, 0),
                "lag_s": follower.lag_s(cursor.signal),
                "trouble": follower.trouble,
                "since_start": _since(follower.cursors.first.get(cursor.signal, cursor), cursor),
                **{name: getattr(cursor, name) for name in COUNTS},
            }
            for follower in list(self._followers)
            for cursor in follower.cursors.held()
        ]

    def publish(self, counters: Counters) -> None:
        """Set the gauges."""
        for told in self.state():
            labels = told["exporter"], told["signal"]
            counters.export_waiting.labels(*labels).set(told["waiting"])
            counters.export_lag.labels(*labels).set(told["lag_s"])
            counters.export_stuck.labels(told["exporter"]).set(bool(told["trouble"]))
            for fate, items in told["since_start"].items():
                counters.exported.set(items, *labels, fate)

    def _run(self, name: str, settings: Settings) -> None:
        reader = self._open()
        try:
            follower = Follower(
                name,
                settings,
                made(settings),
                reader,
                Cursors(name, reader, self._write, from_beginning=settings.start == "beginning"),
                Waiting(random.random),
                time.time_ns,
                self._over,
            )
            self._followers.append(follower)
            follower.run()
        finally:
            reader.close()


def _since(first: Cursor, cursor: Cursor) -> dict[str, int]:
    return {name: getattr(cursor, name) - getattr(first, name) for name in COUNTS}


def made(settings: Settings) -> Exporter[Any]:
    """Make what the settings describe."""
    if settings.kind == "files":
        assert settings.folder is not None, "the settings were validated"
        if settings.format == "parquet":
            return ParquetExporter(settings.folder, max_files=settings.max_files, stamp=_stamp)
        return FileExporter(settings.folder, max_bytes=settings.max_file, max_files=settings.max_files, stamp=_stamp)
    return receiver(settings)


def receiver(settings: Receiver) -> Receiving:
    """Make what sends to an OTLP receiver; a daemon that sends nowhere does not load it."""
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    compress = settings.compression == "gzip"
    if settings.kind == "otlp/grpc":
        from exporters.otlp_grpc import GrpcExporter

        authority = settings.ca.read_bytes() if settings.ca else None
        return GrpcExporter(
            settings.endpoint, headers=headers, compress=compress, authority=authority, timeout_s=settings.timeout
        )
    from exporters.otlp_http import HttpExporter

    verify = str(settings.ca) if settings.ca else True
    return HttpExporter(
        settings.endpoint, headers=headers, compress=compress, verify=verify, timeout_s=settings.timeout
    )


def _stamp() -> str:
    now = time.time_ns()
    return f"{datetime.fromtimestamp(now // 1_000_000_000, UTC).strftime(STAMP)}.{now % 1_000_000_000:09d}"
