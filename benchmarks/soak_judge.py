"""Judge what was measured in a soak."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from benchmarks.soak_crowd import Crowd
from benchmarks.soak_page import Line
from tests.support.load import look, quick_check, reading

MIB: Final = 1 << 20
RAW: Final = ("raw_spans", "raw_logs", "raw_points")


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold what the daemon held at a moment, in seconds from the beginning."""

    at: float
    rss: int
    main_rss: int
    threads: int
    files: int
    database: int
    log: int
    lag_s: float
    waiting: float


class Soaked(Protocol):
    """Hold what a soak left behind."""

    db: Path
    crowd: Crowd
    alone: float
    samples: list[Sample]

    @property
    def seconds(self) -> float:
        """Say how long it was."""
        ...


def judged(soak: Soaked) -> list[Line]:
    """Judge what was measured: in the second half, once it is warm."""
    warm = soak.alone + (soak.seconds - soak.alone) / 3
    seen = [sample for sample in soak.samples if sample.at >= warm]
    kept, lag = look_at_books(soak.db), sorted(sample.lag_s for sample in seen)
    acks = sorted(soak.crowd.latencies_ms)
    hours = (seen[-1].at - seen[0].at) / 3600
    return [
        Line("items acknowledged and kept once, seeded ones included", kept["stored"], soak.crowd.load.next_number - 1),
        Line("received - stored - duplicate - rejected", kept["unbalanced"], 0),
        Line("stored - kept - forgotten", kept["missing"], 0),
        Line("items an exporter passed and did not send", kept["unsent"], 0),
        Line("damage that `quick_check` finds", int(quick_check(soak.db) != "ok"), 0),
        Line("wrong answers", len(soak.crowd.trouble), 0),
        Line("rows forgotten", kept["forgotten"], None, least=1),
        Line("sweeps that went wrong", kept["troubles"], 0),
        Line("answer, 99 of 100 (ms)", _at(acks, 0.99), 250, is_bound=True),
        Line("answer, slowest (ms)", acks[-1], 5000, is_bound=True),
        Line("lag of deriving, 99 of 100 (s)", _at(lag, 0.99), 5, is_bound=True),
        Line("write-ahead log, largest (MiB)", max(s.log for s in soak.samples) / MIB, 96, is_bound=True),
        Line("database, end against middle", seen[-1].database / seen[0].database, 1.3, is_bound=True),
        Line("memory of the daemon, growth (MiB/h)", slope(seen) * 3600 / MIB, slack(hours), is_bound=True),
        Line("memory with its processes, largest (MiB)", max(s.rss for s in seen) / MIB, 600, is_bound=True),
        Line("threads, end - middle", change([s.threads for s in seen]), 2, is_bound=True),
        Line("open files, end - middle", change([s.files for s in seen]), 8, is_bound=True),
    ]


def look_at_books(db: Path) -> dict[str, int]:
    """Read what the database says of itself."""
    kept = look(db)
    with reading(db) as connection:
        forgotten = dict(connection.execute("select name, rows from forgotten"))
        cursors = list(connection.execute("select signal, sent, refused, expired, passed from export_cursors"))
        troubles = len(list(connection.execute("select 1 from sweeps where trouble is not null")))
    missing = sum(kept.stored.values()) - sum(kept.rows.values()) - sum(forgotten.get(name, 0) for name in RAW)
    return {
        "stored": sum(kept.stored.values()),
        "unbalanced": len(kept.unbalanced),
        "missing": missing,
        "forgotten": sum(forgotten.get(name, 0) for name in RAW),
        "unsent": sum(refused + expired + passed for _, _, refused, expired, passed in cursors),
        "troubles": troubles,
    }


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def slope(seen: list[Sample]) -> float:
    """Give bytes a second: the line through what the daemon itself held."""
    return statistics.linear_regression([s.at for s in seen], [s.main_rss for s in seen]).slope


def slack(hours: float) -> float:
    """Allow 1 MiB an hour, and what one measurement may be off: some MiB over the time that was measured."""
    return round(1 + 4 / hours, 1)


def change(values: list[int]) -> float:
    """Say how much more the last tenth is than the first."""
    tenth = max(1, len(values) // 10)
    return statistics.median(values[-tenth:]) - statistics.median(values[:tenth])
