"""Hold SQLite to the storage protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from store.config import Store
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from tests.contracts.meaning_contract import MeaningContract
from tests.contracts.store_contract import WINDOW_S, Backend, StoreContract
from tests.contracts.tracking_contract import TrackingContract
from tests.contracts.version_contract import VersionContract


class Sqlite(Backend):
    """Give the suite a database in a file."""

    def __init__(self, path: Path) -> None:
        self._config = Store(path=path, min_free_disk=0, min_free_percent=0, reserve=0, replay_window=WINDOW_S)
        self._path = path
        self._readers: list[SqliteReadSide] = []
        self.write: SqliteWriteSide = SqliteWriteSide(self._config)

    def reader(self) -> SqliteReadSide:
        """Open a read side."""
        self._readers.append(SqliteReadSide(self._path))
        return self._readers[-1]

    def reopen(self) -> None:
        """Close the write side and open it again."""
        self.write.close()
        self.write = SqliteWriteSide(self._config)

    @contextmanager
    def trouble(self) -> Iterator[None]:
        """Hold the write lock from another connection."""
        other = apsw.Connection(str(self._path))
        other.set_busy_timeout(5000)
        other.execute("begin immediate")
        self.write._connection.set_busy_timeout(0)
        yield
        other.execute("rollback")
        other.close()
        self.write._connection.set_busy_timeout(5000)

    def close(self) -> None:
        """Let go of everything."""
        for reader in self._readers:
            reader.close()
        self.write.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Backend]:
    """Give each test an empty database."""
    backend = Sqlite(tmp_path / "contract.db")
    yield backend
    backend.close()


class TestSqlite(StoreContract, VersionContract, MeaningContract, TrackingContract):
    """Run the suite over SQLite."""
