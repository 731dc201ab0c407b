"""Declare every measurement that the daemon makes of itself, in one table."""

from collections.abc import Iterable
from itertools import product

from prometheus_client import generate_latest

from core.meters import Meters


class Counters:
    """Hold one daemon's measurements; each has its own registry so that tests can run several."""

    def __init__(self) -> None:
        """Declare everything."""
        self.meters = Meters()
        self.registry = self.meters.registry
        for part, declare in {
            "Receiving": self._receiving,
            "Writing": self._writing,
            "Deriving, and the index of texts": self._deriving,
            "Session directories": self._mirroring,
            "Sending on": self._exporting,
            "Forgetting": self._sweeping,
            "The daemon": self._running,
        }.items():
            self.meters.part = part
            declare(self.meters)

    def begin(self, signals: Iterable[str], transports: Iterable[str]) -> None:
        """Show refusals from 0 on: what appears with its first value does not look like growth to an alert."""
        for signal, transport in product(signals, transports):
            self.rejected.labels(signal, transport)

    def text(self) -> bytes:
        """Write all of them in Prometheus' text format."""
        return generate_latest(self.registry)

    def _receiving(self, made: Meters) -> None:
        origin = ("signal", "transport")
        self.received = made.counter("spanledger.items.received", "Items received.", origin, "{item}")
        self.stored = made.counter("spanledger.items.stored", "Items stored.", origin, "{item}")
        self.duplicate = made.counter("spanledger.items.duplicate", "Items that were there already.", origin, "{item}")
        self.rejected = made.counter("spanledger.items.rejected", "Items refused for good.", origin, "{item}")
        self.refused = made.counter(
            "spanledger.items.refused", "Items refused for good, by reason.", ("signal", "reason"), "{item}"
        )
        self.repaired = made.counter("spanledger.items.repaired", "Stored items that were mended.", origin, "{item}")
        self.conflicts = made.counter(
            "spanledger.items.conflict", "Duplicates that differ from what is kept.", origin, "{item}"
        )
        self.warned = made.counter("spanledger.requests.warned", "Requests kept with a warning.", origin, "{request}")
        self.commands_rejected = made.counter(
            "spanledger.commands.rejected",
            "Commands about the book of work that were refused, by code and event.",
            ("code", "event"),
            "{command}",
        )
        self.answers = made.counter(
            "spanledger.answers",
            "Answers given, by transport and by the reason's name; 'ok' is success.",
            ("transport", "answer"),
            "{answer}",
        )
        self.seconds = made.histogram(
            "spanledger.answer.duration", "Time from the last byte of a request to its answer.", ("transport",)
        )
        self.in_flight_bytes = made.gauge("spanledger.in_flight.size", "Bytes of requests not answered yet.", unit="By")
        self.turned_away = made.counter(
            "spanledger.turned_away", "Requests asked to come again, by reason.", ("reason",), "{request}"
        )
        self.connections = made.gauge("spanledger.http.connections", "Open HTTP connections.", unit="{connection}")

    def _writing(self, made: Meters) -> None:
        self.queued_bytes = made.gauge("spanledger.queue.size", "Bytes of requests waiting for the writer.", unit="By")
        self.queue_limit = made.gauge("spanledger.queue.limit", "Bytes of requests that may wait.", unit="By")
        self.queued_batches = made.gauge(
            "spanledger.queue.batches", "Requests waiting for the writer.", unit="{request}"
        )
        self.commit_seconds = made.histogram("spanledger.commit.duration", "Time that group commits took.")
        self.commits = made.tally("spanledger.commits", "Group commits that are durable.", unit="{commit}")
        self.failed_commits = made.tally("spanledger.failed_commits", "Group commits that failed.", unit="{commit}")
        self.disk_free = made.gauge("spanledger.disk.free", "Room on the disk of the database.", unit="By")
        self.disk_needed = made.gauge(
            "spanledger.disk.needed", "Room on the disk below which nothing is taken.", unit="By"
        )
        self.file_bytes = made.gauge(
            "spanledger.file.size",
            "Bytes of the database, of its write-ahead log and of the index of texts.",
            ("file",),
            "By",
        )

    def _deriving(self, made: Meters) -> None:
        self.underived = made.gauge(
            "spanledger.derive.waiting", "Raw rows that nothing is derived from yet.", unit="{row}"
        )
        self.derive_lag = made.gauge(
            "spanledger.derive.lag",
            "Age of the oldest row that nothing is derived from yet; 0 when there is none.",
            unit="s",
        )
        self.derive_failures = made.tally(
            "spanledger.derive.failures", "Groups of records that could not be derived.", unit="{group}"
        )
        self.derive_restarts = made.tally("spanledger.derive.restarts", "Restarts of the deriving process.")
        self.unindexed = made.gauge(
            "spanledger.index.waiting", "Changed texts that are not in the index of texts yet.", unit="{change}"
        )
        self.index_failures = made.tally("spanledger.index.failures", "Texts left out of the index.", unit="{text}")
        self.index_restarts = made.tally("spanledger.index.restarts", "Restarts of the index process.")

    def _mirroring(self, made: Meters) -> None:
        self.mirrored = made.gauge("spanledger.mirror.sessions", "Session directories that are mirrored.")
        self.mirror_broken = made.gauge("spanledger.mirror.broken", "Session directories that cannot be read.")
        self.mirror_waiting = made.gauge("spanledger.mirror.waiting", "Places that are to be synced.")
        self.mirror_overflows = made.tally(
            "spanledger.mirror.overflows", "Changes for which there was no room: everything was synced instead."
        )

    def _exporting(self, made: Meters) -> None:
        by_exporter = ("exporter", "signal")
        self.exported = made.tally(
            "spanledger.export.items",
            "Items that an exporter sent, that the far side refused, that were given up (expired), "
            "that its filters left out (passed).",
            (*by_exporter, "fate"),
            "{item}",
        )
        self.export_waiting = made.gauge(
            "spanledger.export.waiting", "Items that wait to be sent on.", by_exporter, "{item}"
        )
        self.export_lag = made.gauge(
            "spanledger.export.lag",
            "Age of the oldest item that waits to be sent on; 0 when there is none.",
            by_exporter,
            "s",
        )
        self.export_stuck = made.gauge(
            "spanledger.export.stuck", "1 while an exporter's far side takes nothing.", ("exporter",)
        )
        self.telemetry_requests = made.counter(
            "spanledger.telemetry.requests",
            "Requests with these measurements that were sent to another collector, by outcome: taken or failed.",
            ("outcome",),
            "{request}",
        )

    def _sweeping(self, made: Meters) -> None:
        self.sweeps = made.tally("spanledger.sweep.rounds", "Rounds of forgetting.", unit="{round}")
        self.sweep_failures = made.tally(
            "spanledger.sweep.failures", "Rounds of forgetting in which something went wrong.", unit="{round}"
        )
        self.sweep_seconds = made.tally("spanledger.sweep.duration", "Time that rounds of forgetting took.", unit="s")
        self.swept_rows = made.tally("spanledger.sweep.rows", "Rows that were forgotten.", ("kind",), "{row}")
        self.swept_bytes = made.tally(
            "spanledger.sweep.freed", "Bytes of the rows that were forgotten.", ("kind",), "By"
        )
        self.sweep_waiting = made.gauge(
            "spanledger.sweep.waiting", "Rules that wait for somebody's word, and troubles of the last round."
        )

    def _running(self, made: Meters) -> None:
        self.ready = made.gauge("spanledger.ready", "1 while requests can be kept, 0 while they cannot.")
        self.info = made.gauge("spanledger.build.info", "Always 1; names the version that runs.", ("version",))
        self.memory = made.gauge("process.memory.usage", "Memory that the daemon holds, its helpers apart.", unit="By")
        self.cpu = made.tally("process.cpu.time", "Time that the daemon computed, its helpers apart.", unit="s")
        self.threads = made.gauge("process.thread.count", "Threads of the daemon.", unit="{thread}")
        self.files = made.gauge(
            "process.unix.file_descriptor.count", "Open files and connections of the daemon.", unit="{file_descriptor}"
        )
        self.uptime = made.gauge("process.uptime", "Time since the daemon started.", unit="s")
