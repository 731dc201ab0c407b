"""How far behind the derived tables are: in rows, and in time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from derive.channel import Backlog
from schema.decode import decode
from schema.rows import Batch
from schema.signals import Signal
from tests.derive.ledgers import Ledger
from tests.support import build
from tests.support.otlp import RECEIVED_AT

SECOND = 1_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new database."""
    found = Ledger(tmp_path / "ledger.db")
    yield found
    found.close()


def batch(signal: Signal, received_at: int) -> Batch:
    """Make a batch of one item."""
    made = decode(signal, "protobuf", build.body(signal), transport="http", received_at=received_at)
    return replace(made, fingerprint=None)


@pytest.mark.parametrize("signal", list(Signal))
def test_the_oldest_record_tells_how_far_behind(ledger: Ledger, signal: Signal) -> None:
    """It is when that came of which nothing is derived; once all is, there is none."""
    empty = ledger.deriver.backlog()
    ledger.commit(batch(signal, RECEIVED_AT), batch(Signal.LOGS, RECEIVED_AT + SECOND))
    behind = ledger.deriver.backlog()
    ledger.derive(RECEIVED_AT + SECOND)

    assert Backlog(0, 0) == empty
    assert (2, RECEIVED_AT) == (behind.rows, behind.oldest)
    assert Backlog(0, 0) == ledger.deriver.backlog()


def test_lag_is_its_age() -> None:
    """It grows with the clock while the process says nothing, and never is negative."""
    behind = Backlog(3, 0, oldest=10 * SECOND)

    assert (2.5, 0.0) == (behind.lag_s(12 * SECOND + SECOND // 2), behind.lag_s(9 * SECOND))
    assert 0.0 == Backlog(0, 0).lag_s(12 * SECOND)
