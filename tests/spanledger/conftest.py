"""Keep the machine's own database out of reach, and give programs one of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.told import WAYS, database


@pytest.fixture(params=WAYS)
def db(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name the default database: one that is not there yet, and one that a daemon runs on."""
    with database(tmp_path, request.param) as path:
        monkeypatch.setenv("SPANLEDGER_DB", str(path))
        yield path


@pytest.fixture
def lone_db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name the default database, which is not there yet."""
    path = tmp_path / "told.db"
    monkeypatch.setenv("SPANLEDGER_DB", str(path))
    return path
