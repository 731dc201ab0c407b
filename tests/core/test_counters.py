"""Mirror of core/counters.py."""

from core.counters import Counters


def test_each_daemon_has_its_own_counters() -> None:
    """Counting in one leaves the other alone."""
    first, second = Counters(), Counters()
    first.stored.labels("traces", "grpc").inc(3)

    assert b'spanledger_items_stored_total{signal="traces",transport="grpc"} 3.0' in first.text()
    assert b'spanledger_items_stored_total{signal="traces"' not in second.text()
