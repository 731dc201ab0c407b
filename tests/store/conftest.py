"""Give the writer's tests a writer over a real database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.config import Store
from store.sqlite import SqliteWriteSide
from store.writer import Writer
from tests.store.writing import LONG_S, ROOMY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a database."""
    return tmp_path / "ledger.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    """Start a writer whose queue holds 1000 bytes."""
    found = Writer(lambda: SqliteWriteSide(Store(path=path, **ROOMY)), queue_bytes=1_000)
    found.start()
    yield found
    found.stop(LONG_S)
