"""Publish how the daemon's parts stand, once a second: what is not counted where it happens."""

from typing import Protocol

from core.counters import Counters
from derive.following import Following
from exporters.exports import Exports
from mirror.mirroring import Mirror
from store.writer import Writer


class Parts(Protocol):
    """Hold what is looked at."""

    writer: Writer
    following: Following
    mirror: Mirror
    exports: Exports

    @property
    def in_flight_bytes(self) -> int:
        """Count the bytes of requests that are not answered yet."""
        ...


def publish(counters: Counters, parts: Parts) -> None:
    """Set the gauges."""
    counters.queued_bytes.set(parts.writer.queued_bytes)
    counters.commit_seconds.set(parts.writer.last_commit_s)
    counters.commits.set(parts.writer.commits)
    counters.in_flight_bytes.set(parts.in_flight_bytes)
    counters.underived.set(parts.following.backlog.rows)
    counters.derive_failures.set(parts.following.failures)
    counters.derive_restarts.set(parts.following.restarts)
    counters.mirrored.set(parts.mirror.sessions)
    counters.mirror_broken.set(len(parts.mirror.broken))
    counters.mirror_waiting.set(len(parts.mirror.waiting))
    counters.mirror_overflows.set(parts.mirror.waiting.overflows)
    parts.exports.publish(counters)
