"""Look at every page of a million spans in Chromium."""

import time
from pathlib import Path

import pytest

from benchmarks import million
from benchmarks.pages import paths
from tests.support.browser import browsing, window
from tests.support.service import running

SPANS = 1_000_000
SESSIONS = 10_000


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_every_page_of_a_million_spans_is_sound(tmp_path: Path) -> None:
    """No page fails, has an error in its console, or keeps readers with other senses out."""
    db = tmp_path / "spanledger.db"
    million.make(db, spans=SPANS, sessions=SESSIONS, until=time.time_ns())
    with running(db) as service, browsing() as browser, window(browser, service.url()) as seen:
        for path in paths(db):
            seen.open(path)
            assert [] == seen.axe(), path
