"""Mirror of core/meters.py."""

import pytest
from prometheus_client import generate_latest

from core.meters import Meter, Meters


@pytest.mark.parametrize(
    ("meter", "expected"),
    [
        (Meter("spanledger.items.stored", "counter", "", unit="{item}"), "spanledger_items_stored_total"),
        (Meter("spanledger.sweep.freed", "counter", "", unit="By"), "spanledger_sweep_freed_bytes_total"),
        (Meter("spanledger.commit.duration", "histogram", "", unit="s"), "spanledger_commit_duration_seconds"),
        (Meter("spanledger.queue.batches", "gauge", ""), "spanledger_queue_batches"),
    ],
)
def test_names_follow_from_opentelemetrys(meter: Meter, expected: str) -> None:
    """Dots become underscores; the unit and what only grows are told behind."""
    assert expected == meter.text_name


def test_what_is_counted_elsewhere_is_told_as_it_stands() -> None:
    """A tally is a counter: without labels from 0, with labels once there is something."""
    meters = Meters()
    plain, by_kind = meters.tally("a.plain", "Plain."), meters.tally("a.labelled", "Labelled.", ("kind",))
    before = generate_latest(meters.registry).decode()
    plain.set(7)
    by_kind.set(3, "spans")
    after = generate_latest(meters.registry).decode()

    assert "a_plain_total 0.0" in before
    assert "a_labelled_total{" not in before
    assert "# TYPE a_plain_total counter\na_plain_total 7.0" in after
    assert 'a_labelled_total{kind="spans"} 3.0' in after


def test_a_name_is_declared_once() -> None:
    """A second measurement of the same name is a mistake."""
    meters = Meters()
    meters.gauge("a.b", "First.")

    with pytest.raises(ValueError, match="Duplicated"):
        meters.tally("a.b", "Second.")
