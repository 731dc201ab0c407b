"""The status of a failed call."""

import pytest

from mapping.facts import fact_of
from mapping.record import Record
from schema.signals import Signal


@pytest.mark.parametrize(
    ("attributes", "message", "status"),
    [
        ({"http.response.status_code": 503}, "no", 503),
        ({"error.type": "429"}, "", 429),
        ({}, "Error code: 500 - {'error': {'message': 'no'}}", 500),
        ({}, "429 RESOURCE_EXHAUSTED. {'error': {'code': 429}}", 429),
        ({}, "status_code: 500, model_name: gpt-4o", 500),
        ({}, "HTTP Error 502: Bad Gateway", 502),
        ({}, '{"error":{"code":429}}', 429),
        ({}, "The answer is 500 words long", None),
        ({"http.response.status_code": 200}, "", None),
    ],
)
def test_a_status_is_read_where_clients_write_it(
    attributes: dict[str, object], message: str, status: int | None
) -> None:
    """A number that is no status, or says success, is none."""
    told = {"gen_ai.operation.name": "chat", "error.type": "Error", **attributes}
    record = Record(Signal.TRACES, "a/b", "chat", 1, 2, "a", "b", failed=True, message=message, attributes=told)

    assert fact_of(record).error_status == status


def test_a_class_is_named_and_not_written_out() -> None:
    """Semantic Kernel sends it as Python writes it."""
    told = {"gen_ai.operation.name": "chat", "error.type": "<class 'openai.RateLimitError'>"}

    assert fact_of(Record(Signal.TRACES, "a/b", "chat", 1, 2, "a", "b", attributes=told)).error_type == (
        "openai.RateLimitError"
    )
