"""Declare every counter and gauge the daemon has, in one table; names follow Prometheus' conventions."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter, which nobody reads

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Counters:
    """Hold one daemon's counters; each has its own registry so that tests can run several."""

    def __init__(self) -> None:
        """Register everything."""
        registry = self.registry = CollectorRegistry()
        by_origin = ("signal", "transport")
        self.received = Counter("spanledger_items_received", "Items received.", by_origin, registry=registry)
        self.stored = Counter("spanledger_items_stored", "Items stored.", by_origin, registry=registry)
        self.duplicate = Counter(
            "spanledger_items_duplicate", "Items that were there already.", by_origin, registry=registry
        )
        self.rejected = Counter("spanledger_items_rejected", "Items refused for good.", by_origin, registry=registry)
        self.repaired = Counter(
            "spanledger_items_repaired", "Stored items that were mended.", by_origin, registry=registry
        )
        self.conflicts = Counter(
            "spanledger_items_conflict", "Duplicates that differ from what is kept.", by_origin, registry=registry
        )
        self.warned = Counter(
            "spanledger_requests_warned", "Requests kept with a warning.", by_origin, registry=registry
        )
        self.commands_rejected = Counter(
            "spanledger_commands_rejected",
            "Commands about the book of work that were refused, by code and event.",
            ("code", "event"),
            registry=registry,
        )
        self.answers = Counter(
            "spanledger_answers",
            "Answers given, by transport and by the reason's name; 'ok' is success.",
            ("transport", "answer"),
            registry=registry,
        )
        self.seconds = Histogram(
            "spanledger_answer_seconds",
            "Time from the last byte of a request to its answer.",
            ("transport",),
            buckets=SECONDS,
            registry=registry,
        )
        self.in_flight_bytes = Gauge(
            "spanledger_in_flight_bytes", "Bytes of requests not answered yet.", registry=registry
        )
        self.turned_away = Counter(
            "spanledger_turned_away", "Requests asked to come again, by reason.", ("reason",), registry=registry
        )
        self.connections = Gauge("spanledger_http_connections", "Open HTTP connections.", registry=registry)
        self.queued_bytes = Gauge(
            "spanledger_queue_bytes", "Bytes of requests waiting for the writer.", registry=registry
        )
        self.commit_seconds = Gauge("spanledger_commit_seconds", "Time the last group commit took.", registry=registry)
        self.underived = Gauge(
            "spanledger_underived_rows", "Raw rows that nothing is derived from yet.", registry=registry
        )
        self.derive_failures = Gauge(
            "spanledger_derive_failures", "Sessions that could not be derived since the start.", registry=registry
        )
        self.derive_restarts = Gauge(
            "spanledger_derive_restarts", "Restarts of the deriving process since the start.", registry=registry
        )
        self.mirrored = Gauge(
            "spanledger_mirrored_sessions", "Session directories that are mirrored.", registry=registry
        )
        self.mirror_broken = Gauge(
            "spanledger_mirror_broken", "Session directories that cannot be read.", registry=registry
        )
        self.mirror_waiting = Gauge("spanledger_mirror_waiting", "Places that are to be synced.", registry=registry)
        self.mirror_overflows = Gauge(
            "spanledger_mirror_overflows",
            "Changes for which there was no room: everything was synced instead.",
            registry=registry,
        )
        by_exporter = ("exporter", "signal")
        self.exported = Gauge(
            "spanledger_export_items",
            "Items that an exporter sent, that the far side refused, that waited too long, that its filters left out.",
            (*by_exporter, "fate"),
            registry=registry,
        )
        self.export_waiting = Gauge(
            "spanledger_export_waiting_items", "Items that wait to be sent on.", by_exporter, registry=registry
        )
        self.export_stuck = Gauge(
            "spanledger_export_stuck", "1 while an exporter's far side takes nothing.", ("exporter",), registry=registry
        )
        self.commits = Gauge("spanledger_commits", "Group commits since the start.", registry=registry)

    def text(self) -> bytes:
        """Write all of them in Prometheus' text format."""
        return generate_latest(self.registry)
