"""Log records in OTLP/JSON: what protobuf cannot say."""

from schema.signals import Signal
from tests.support.by_hand import logs
from tests.support.otlp import item, read_json


def test_J02_a_record_keeps_no_base64_id() -> None:
    """A log record loses the id and keeps a note of it."""
    found = item(read_json(Signal.LOGS, logs({"timeUnixNano": "1", "traceId": "W47/95gDgQPSabYzgT/GDA=="})))

    assert (None, '{"trace_id":"W47/95gDgQPSabYzgT/GDA=="}') == (found["trace_id"], found["repaired"])
