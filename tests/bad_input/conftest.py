"""Set up what the bad inputs are sent to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.signals import Signal
from tests.support.neighbours import read_back
from tests.support.service import Running, running


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """Run a fresh service for one test, and balance its books at the end."""
    with running(tmp_path / "spanledger.db") as found:
        yield found


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one service for a module's tests; at the end all that it kept can be read, and its books balance."""
    with running(tmp_path_factory.mktemp("db") / "spanledger.db") as found:
        yield found
        for signal in Signal:
            read_back(found, signal)
