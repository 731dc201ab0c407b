"""Spans in OTLP/JSON: what protobuf cannot say."""

import orjson

from tests.support.by_hand import SPAN, read_one


def test_D04_a_link_with_any_id_is_kept() -> None:
    """A link whose ids are not even hexadecimal stays as it was sent, flagged."""
    found = read_one(links=[{"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": SPAN.upper()}])

    assert [{"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": SPAN, "invalid": True}] == orjson.loads(found["links"])
