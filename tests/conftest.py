"""Set pytest up for the whole tree."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.report import Report
from tests.support.service import Running, running

settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes or checks the conformance page."""
    parser.addoption("--conformance", choices=("write", "check"), help="write or check docs/conformance.md")


def pytest_configure(config: pytest.Config) -> None:
    """Collect results when asked to."""
    mode = config.getoption("--conformance")
    if mode and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(mode), "conformance-report")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """Run a fresh service for one test, and balance its books at the end."""
    with running(tmp_path / "spanledger.db") as found:
        yield found


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one service for a module's tests, and balance its books at the end."""
    with running(tmp_path_factory.mktemp("db") / "spanledger.db") as found:
        yield found
