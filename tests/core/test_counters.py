"""Mirror of core/counters.py."""

import re

from core.counters import Counters
from core.meters import UNIT_NAMES


def test_each_daemon_has_its_own_counters() -> None:
    """Counting in one leaves the other alone."""
    first, second = Counters(), Counters()
    first.stored.labels("traces", "grpc").inc(3)

    assert b'spanledger_items_stored_total{signal="traces",transport="grpc"} 3.0' in first.text()
    assert b'spanledger_items_stored_total{signal="traces"' not in second.text()


def test_each_is_named_and_described() -> None:
    """Names are OpenTelemetry's; a sentence says what is measured; the page and the table hold the same."""
    counters = Counters()
    meters = counters.meters.all.values()
    told = re.findall(r"^# HELP (\S+) ", counters.text().decode(), re.MULTILINE)

    for meter in meters:
        assert re.fullmatch(r"(spanledger|process)(\.[a-z_]+)+", meter.name)
        assert re.fullmatch(r"[A-Z0-9].*\.", meter.about), meter.name
        assert meter.unit in UNIT_NAMES or not meter.unit or meter.unit.startswith("{"), meter.name
    assert sorted(told) == sorted(meter.text_name for meter in meters)
