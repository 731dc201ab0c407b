"""Say how much is measured."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server import Daemon, fresh_folder, running

FOLDER = Path("build/benchmarks")
"""In the checkout, where a user's own disk is; ignored by git."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold the sizes of a whole measurement."""

    runs: int = 5
    long_runs: int = 5
    requests: int = 200
    small_requests: int = 2_000
    growth_spans: int = 5_000_000
    growth_window: int = 500_000
    minutes: float = 10
    idle_s: float = 10
    lag_s: float = 20
    giant_spans: int = 32_843
    sessions: int = 10_000
    folder: Path = FOLDER

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """Run a daemon on an empty database, on a quiet disk."""
        with fresh_folder(self.folder) as folder, running(folder) as daemon:
            yield daemon


def quick(folder: Path) -> Settings:
    """Measure just enough to see that everything works: under a minute, and no figure to rely on."""
    return Settings(
        runs=1, long_runs=1, requests=40, small_requests=200, growth_spans=200_000, growth_window=20_000,
        minutes=0.1, idle_s=1, lag_s=2, giant_spans=2_000, sessions=500, folder=folder,
    )  # fmt: skip


def say(text: str) -> None:
    """Report progress where it does not disturb the result."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)
