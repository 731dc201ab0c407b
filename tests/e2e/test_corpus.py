"""Take what 40 real agent runtimes sent, as they sent it, and what was built to be like another's."""

import pytest

from tests.support.corpus import ALL, SOURCES, metric_counts, send, source
from tests.support.service import Running


def test_there_are_forty_sources() -> None:
    """The whole corpus is here."""
    assert len(SOURCES) == 40


@pytest.mark.parametrize("name", ALL)
def test_each_request_is_kept_whole_and_once(service: Running, name: str) -> None:
    """Every request is taken in full over its own transport; a second sending stores nothing and succeeds too."""
    recorded = source(name)

    metrics = [metric_counts(request) for request in recorded.requests if request.signal == "metrics"]
    first = [send(service, request) for request in recorded.requests]
    stored = {signal: service.count(signal) for signal in ("traces", "logs", "metrics")}
    second = [send(service, request) for request in recorded.requests]

    assert first == second == [(True, b"")] * len(recorded.requests)
    assert stored["traces"] == recorded.items["spans"]
    assert stored["logs"] == recorded.items["log_records"]
    assert stored["metrics"] == sum(points for _, points in metrics)
    assert recorded.items["metrics"] == sum(count for count, _ in metrics)
    assert {signal: service.count(signal) for signal in stored} == stored
    assert sum(line.rejected + line.conflicts for line in service.ledger()) == 0
