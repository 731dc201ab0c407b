"""Measure what senders notice of a sweep: `python -m benchmarks.sweeping --help`.

A database is filled with spans that expired, a daemon is started on it and told to forget them, while spans keep
coming at a fixed rate. Latencies are from when a request was due, so that one that waits for another counts as well.
"""

import argparse
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import grpc

from benchmarks.load import BEGIN_NS, Load
from benchmarks.senders import METHOD, TIMEOUT_S
from benchmarks.server import Daemon, fresh_folder, running
from benchmarks.settings import FOLDER, say
from benchmarks.traffic import Shape
from schema.decode import decode
from schema.signals import Signal
from store.config import Store
from store.old import SqliteOldSide
from store.sqlite import SqliteWriteSide

DAY: Final = 24 * 3600 * 1_000_000_000
LARGE, SMALL = Shape(32, 16), Shape(10, 10)
THREADS: Final = 32
LOOK_S: Final = 0.2
DERIVED: Final = """
insert or replace into derived_positions (signal, after_id)
select signal, (select max(id) from raw_spans)
from (select 'traces' as signal union all select 'inventory/traces' union all select 'names/traces')
"""


def main() -> int:
    """Fill, sweep under load, and print what was seen as JSON."""
    options = _options().parse_args()
    with fresh_folder(options.dir) as folder:
        began = time.perf_counter()
        fill(folder / "bench.db", options.rows)
        say(f"filled with {options.rows} spans in {time.perf_counter() - began:.0f} s")
        with running(folder) as daemon:
            told = sweep(daemon, options.rate, options.before)
    print(json.dumps({"rows": options.rows, "spans_per_second": options.rate, **told}, indent=2))
    return 0


def fill(db: Path, rows: int) -> None:
    """Keep spans of 40 days ago as if they had been derived from."""
    load, received_at = Load("protobuf", shape=LARGE, seed=7), time.time_ns() - 40 * DAY
    side = SqliteWriteSide(Store(path=db, durability="relaxed"))
    for number in range(rows // LARGE.spans):
        body = load.request(number)
        side.commit([decode(Signal.TRACES, "protobuf", body, transport="http", received_at=received_at)])
        side.tidy()
    side.transaction(lambda cursor: cursor.execute(DERIVED))
    side.close()


def sweep(daemon: Daemon, rate: int, before_s: float) -> dict[str, Any]:
    """Send at a rate all the while: for some time before the sweep, and until the file is small again."""
    sending = _Sending(daemon.grpc, rate)
    seen = _Watching(daemon.db)
    with sending, seen:
        time.sleep(before_s)
        alone = sending.taken()
        began = time.perf_counter()
        number = _ask(daemon, "POST", "/run", {"token": _ask(daemon, "GET", "")["token"]})["order"]
        while _ask(daemon, "GET", "/state")["done"] < number:
            time.sleep(LOOK_S)
        took = time.perf_counter() - began
        beside = sending.taken()
    side = SqliteOldSide(daemon.db)
    room = side.room()
    sweeps = [dict(zip(_COLUMNS, row, strict=True)) for row in side.rows("last_sweeps", limit=5)]
    side.close()
    return {
        "seconds": round(took, 1),
        "alone": _percentiles(alone),
        "beside_the_sweep": _percentiles(beside),
        "refused": sending.refused,
        "highest_wal_mib": round(seen.wal / (1 << 20), 1),
        "file_mib": round(room.file_bytes / (1 << 20), 1),
        "file_to_live": round(room.file_bytes / max(1, room.live_bytes), 2),
        "sweeps": sweeps,
    }


class _Sending:
    """Send requests when they are due, for the length of a block."""

    def __init__(self, address: str, rate: int) -> None:
        self.refused = 0
        self._interval = SMALL.spans / rate
        self._load = Load("protobuf", shape=SMALL, seed=8, begin_ns=BEGIN_NS + 30 * DAY)
        self._channel = grpc.insecure_channel(address)
        self._export: Any = self._channel.unary_unary(METHOD)
        self._latencies: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._channel.close()

    def taken(self) -> list[float]:
        """Give the latencies since the last time, in milliseconds."""
        taken, self._latencies = self._latencies, []
        return taken

    def _run(self) -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            begun, number = time.perf_counter(), 0
            while not self._over.is_set():
                due = begun + number * self._interval
                time.sleep(max(0.0, due - time.perf_counter()))
                threads.submit(self._send, self._load.request(number), due)
                number += 1

    def _send(self, body: bytes, due: float) -> None:
        try:
            self._export(body, timeout=TIMEOUT_S)
        except grpc.RpcError:
            self.refused += 1
        self._latencies.append((time.perf_counter() - due) * 1000)


class _Watching:
    """See how long the log gets, for the length of a block."""

    def __init__(self, db: Path) -> None:
        self.wal = 0
        self._path = db.with_name(db.name + "-wal")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.05):
            self.wal = max(self.wal, self._path.stat().st_size if self._path.exists() else 0)


_COLUMNS = (
    "started_at", "rule", "what", "rows", "bytes_freed", "oldest_left", "left_behind", "duration_ms", "trouble",
)  # fmt: skip


def _percentiles(latencies: list[float]) -> dict[str, float]:
    cut = quantiles(latencies, n=100, method="inclusive")
    told = {"p50_ms": cut[49], "p99_ms": cut[98], "max_ms": max(latencies)}
    return {"requests": len(latencies), **{name: round(value, 1) for name, value in told.items()}}


def _ask(daemon: Daemon, method: str, path: str, body: object = None) -> dict[str, Any]:
    connection = HTTPConnection(daemon.http, timeout=TIMEOUT_S)
    connection.request(method, f"/api/v1/retention{path}", json.dumps(body) if body else None)
    told: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return told


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweeping", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="expired spans (1,000,000)")
    parser.add_argument("--rate", type=int, default=5_000, help="spans a second that come in meanwhile (5,000)")
    parser.add_argument("--before", type=float, default=10, help="seconds of sending alone, to compare with (10)")
    parser.add_argument("--dir", type=Path, default=FOLDER, help="a folder on a real disk (build/benchmarks)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
