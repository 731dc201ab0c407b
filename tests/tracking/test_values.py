"""Mirror `tracking.values`: each type is read from every form that senders have, or refused with its code."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.faults import Code, Fault
from tracking.values import LARGEST, MAX_BYTES, MAX_KEY, OUTCOMES, READERS, STATUSES
from tracking.vocabulary import EVENTS

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "", ""),
        ("text", "日本", "日本"),
        ("key", "a", "a"),
        ("key", 42, "42"),
        ("whole", "17", 17),
        ("whole", 3.0, 3),
        ("whole", 0, 0),
        ("run_no", "2", 2),
        ("number", "0.5", 0.5),
        ("truth", "True", True),
        ("truth", False, False),
        ("texts", "one", ["one"]),
        ("texts", '["a", "b"]', ["a", "b"]),
        ("texts", ("a", 5), ["a", "5"]),
        ("object", {"lr": 0.001, "ü": [1, None]}, '{"lr": 0.001, "ü": [1, null]}'),
        ("object", '{"a":1}', '{"a": 1}'),
        ("object", {"loss": float("nan")}, '{"loss": null}'),
        ("object", '{"big": 123456789012345678901234567890}', '{"big": 123456789012345678901234567890}'),
    ],
)
def test_read(kind: str, raw: Any, value: Any) -> None:
    """What senders write differently is read as the same."""
    assert value == READERS[kind]("it", raw)


@pytest.mark.parametrize(
    ("kind", "raw", "code", "text"),
    [
        ("text", 5, Code.BAD_TYPE, "it is 5; text is wanted"),
        ("text", "\ud800", Code.BAD_TYPE, "text that can be written as UTF-8 is wanted"),
        ("text", "x" * (MAX_BYTES + 1), Code.TOO_LARGE, f"it has {MAX_BYTES + 1} bytes, limit {MAX_BYTES}"),
        ("key", "x" * (MAX_KEY + 1), Code.TOO_LARGE, f"it has {MAX_KEY + 1} characters, limit {MAX_KEY}"),
        ("key", "", Code.MISSING_FIELD, "it is empty"),
        ("key", True, Code.BAD_TYPE, "it is True; text is wanted"),
        ("whole", "a", Code.BAD_TYPE, "it is 'a'; a whole number of zero or more is wanted"),
        ("whole", -1, Code.BAD_TYPE, "it is -1; a whole number of zero or more is wanted"),
        ("whole", True, Code.BAD_TYPE, "it is True; a whole number of zero or more is wanted"),
        ("whole", 1.5, Code.BAD_TYPE, "it is 1.5; a whole number of zero or more is wanted"),
        ("run_no", 0, Code.BAD_RUN_NO, "0 is not a run's number; the first is 1"),
        ("run_no", "-3", Code.BAD_RUN_NO, "-3 is not a run's number; the first is 1"),
        ("run_no", "one", Code.BAD_TYPE, "it is 'one'; a whole number is wanted"),
        ("number", "nan", Code.BAD_TYPE, "it is 'nan'; a number of zero or more is wanted"),
        ("truth", "yes", Code.BAD_TYPE, "it is 'yes'; true or false is wanted"),
        ("texts", {"a": 1}, Code.BAD_TYPE, "it is {'a': 1}; a list of texts is wanted"),
        ("texts", "[1", Code.BAD_JSON, "it is '[1'; JSON is wanted"),
        ("object", "{lr", Code.BAD_JSON, "it is '{lr'; JSON is wanted"),
        ("object", "[1]", Code.BAD_JSON, "it is '[1]'; a JSON object is wanted"),
        ("object", [1], Code.BAD_TYPE, "it is [1]; a JSON object is wanted"),
        ("status", "done", Code.UNKNOWN_STATUS, f"'done' is not one of {', '.join(STATUSES)}"),
        ("status", "canceled", Code.UNKNOWN_STATUS, f"'canceled' is not one of {', '.join(STATUSES)}"),
        ("status", "Completed", Code.UNKNOWN_STATUS, f"'Completed' is not one of {', '.join(STATUSES)}"),
        ("outcome", "passed", Code.UNKNOWN_OUTCOME, f"'passed' is not one of {', '.join(OUTCOMES)}"),
        ("job_status", "running", Code.UNKNOWN_STATUS, "'running' is not one of completed, failed, cancelled"),
    ],
)
def test_refused(kind: str, raw: Any, code: Code, text: str) -> None:
    """What is wrong is told with its code, its place and what is wanted."""
    with pytest.raises(Fault) as refused:
        READERS[kind]("it", raw)

    assert code is refused.value.code
    assert text in str(refused.value)
    assert refused.value.attribute == "it"


@given(st.sampled_from(sorted(READERS)), ANYTHING)
def test_anything(kind: str, raw: Any) -> None:
    """Whatever is told is read as its type or refused; nothing else happens, and what is read again stays the same."""
    try:
        value = READERS[kind]("it", raw)
    except Fault:
        return

    assert value == READERS[kind]("it", value)
    if kind in {"text", "key"}:
        assert value.encode()
    elif kind in {"whole", "run_no"}:
        assert 0 <= value <= LARGEST
    elif kind == "object":
        assert isinstance(json.loads(value, parse_constant=pytest.fail), dict)


def test_every_type_has_a_reader() -> None:
    """The vocabulary uses no type that cannot be read, and no reader is unused."""
    assert set(READERS) == {one.type for event in EVENTS.values() for one in event.attributes.values()}
