"""Measure once a second how the daemon's parts stand: what is not counted where it happens."""

import os
import socket
import threading
import time
from pathlib import Path
from typing import Final, Protocol
from uuid import NAMESPACE_URL, uuid5

from core.counters import Counters
from core.memory import resident_bytes
from derive.keeping import Keeping
from exporters.exports import Exports
from mirror.mirroring import Mirror
from retention.keeper import Keeper
from spanledger import __version__
from store.config import Store
from store.disk import room
from store.writer import Writer

FILES: Final = {"database": "", "log": "-wal", "index": "-search"}
"""What is behind the database's name, by what the file is called here."""


def describe(path: Path, version: str) -> dict[str, str]:
    """Give the attributes of the daemon's resource: one that starts again on the same database is the same."""
    host = socket.gethostname()
    instance = uuid5(NAMESPACE_URL, f"spanledger://{host}{path.resolve()}")
    return {
        "service.name": "spanledger",
        "service.version": version,
        "service.instance.id": str(instance),
        "host.name": host,
    }


class Parts(Protocol):
    """Hold what is looked at."""

    counters: Counters
    writer: Writer
    keeping: Keeping
    mirror: Mirror
    exports: Exports
    keeper: Keeper

    @property
    def in_flight_bytes(self) -> int:
        """Count the bytes of requests that are not answered yet."""
        ...


class Gauges:
    """Look at the parts, off the event loop: the disk may take its time."""

    def __init__(self, parts: Parts, store: Store) -> None:
        """Note what does not change."""
        self._parts, self._store, self._counters = parts, store, parts.counters
        self._began = time.monotonic()
        self._counters.queue_limit.set(store.queue_bytes)
        self._counters.info.labels(__version__).set(1)

    def publish(self, *, is_ready: bool) -> None:
        """Set all of them."""
        self._counters.ready.set(is_ready)
        self._publish_writer()
        self._publish_deriving()
        self._publish_mirror()
        self._publish_sweeps()
        self._publish_disk()
        self._publish_process()
        self._parts.exports.publish(self._counters)

    def _publish_writer(self) -> None:
        counters, writer = self._counters, self._parts.writer
        counters.queued_bytes.set(writer.queued_bytes)
        counters.queued_batches.set(writer.queued_batches)
        counters.commits.set(writer.commits)
        counters.failed_commits.set(writer.failed_commits)
        counters.in_flight_bytes.set(self._parts.in_flight_bytes)

    def _publish_deriving(self) -> None:
        counters, following = self._counters, self._parts.keeping.following
        counters.underived.set(following.backlog.rows)
        counters.derive_lag.set(following.backlog.lag_s(time.time_ns()))
        counters.derive_failures.set(following.failures)
        counters.derive_restarts.set(following.restarts)
        index = self._parts.keeping.indexing.state()
        counters.unindexed.set(index["behind"] + index["unread"])
        counters.index_failures.set(index["failures"])
        counters.index_restarts.set(index["restarts"])

    def _publish_mirror(self) -> None:
        counters, mirror = self._counters, self._parts.mirror
        counters.mirrored.set(mirror.sessions)
        counters.mirror_broken.set(len(mirror.broken))
        counters.mirror_waiting.set(len(mirror.waiting))
        counters.mirror_overflows.set(mirror.waiting.overflows)

    def _publish_sweeps(self) -> None:
        counters, keeper = self._counters, self._parts.keeper
        counters.sweeps.set(keeper.rounds)
        counters.sweep_failures.set(keeper.failed_rounds)
        counters.sweep_seconds.set(keeper.seconds)
        counters.sweep_waiting.set(len(keeper.waiting))
        for kind, rows in tuple(keeper.rows.items()):
            counters.swept_rows.set(rows, kind)
            counters.swept_bytes.set(keeper.bytes[kind], kind)

    def _publish_disk(self) -> None:
        path = self._store.path
        assert path is not None, "the configuration always has a path by now"
        free, needed = room(path, self._store.min_free_disk, self._store.min_free_percent)
        self._counters.disk_free.set(free)
        self._counters.disk_needed.set(needed)
        for name, ending in FILES.items():
            self._counters.file_bytes.labels(name).set(_size(path.with_name(path.name + ending)))

    def _publish_process(self) -> None:
        self._counters.memory.set(resident_bytes())
        self._counters.cpu.set(time.process_time())
        self._counters.threads.set(threading.active_count())
        self._counters.files.set(_open_files())
        self._counters.uptime.set(time.monotonic() - self._began)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _open_files() -> int:
    """Count open descriptors; 0 where the system does not say."""
    try:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names alone
    except OSError:
        return 0
