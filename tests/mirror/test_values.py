"""Mirror `mirror.values`: single values are read whatever they are."""

from datetime import datetime

import pytest

from mirror import values


@pytest.mark.parametrize("name", ["current_phase", "currentPhase", "CurrentPhase", "Current-Phase", "current phase"])
def test_one_spelling_of_names(name: str) -> None:
    """Names are compared in one spelling."""
    assert values.plain_name(name) == "current_phase"


def test_the_first_of_two_spellings_counts() -> None:
    """An object's keys are taken in one spelling; what is no object has none."""
    assert {"a_b": 1} == values.named({"aB": 1, "a_b": 2})
    assert {} == values.named([("a", 1)])


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (" x ", "x"),
        (7, "7"),
        (1.5, "1.5"),
        ("", None),
        (True, None),
        (None, None),
        ({}, None),
        ("y" * 5000, "y" * 4096),
    ],
)
def test_text(value: object, wanted: str | None) -> None:
    """Text and numbers are text, the rest is none, and none is endless."""
    assert wanted == values.text(value)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(7, 7), ("7", 7), (7.0, 7), (7.5, None), (-1, None), (True, None), ("9" * 30, None), (1 << 63, None), ("x", None)],
)
def test_whole(value: object, wanted: int | None) -> None:
    """Whole numbers that SQLite can hold are read."""
    assert wanted == values.whole(value)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2026-02-16T21:14:17+00:00", "2026-02-16T21:14:17.000000Z"),
        ("2026-02-16T22:14:17.5+01:00", "2026-02-16T21:14:17.500000Z"),
        ("2026-02-16T21:14:17Z", "2026-02-16T21:14:17.000000Z"),
        ("2026-02-16 21:14:17", "2026-02-16T21:14:17.000000Z"),
        ("2026-02-16", "2026-02-16T00:00:00.000000Z"),
        (1771276457, "2026-02-16T21:14:17.000000Z"),
        (1771276457000, "2026-02-16T21:14:17.000000Z"),
        (3, None),
        (1e300, None),
        (float("inf"), None),
        ("soon", None),
        (True, None),
        (None, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_moment(value: object, wanted: str | None) -> None:
    """Times are read from ISO 8601 and from Unix seconds and milliseconds; a count is no time."""
    assert wanted == values.moment(value)


def test_written_times_keep_their_order() -> None:
    """Times are written in one width."""
    assert values.iso(datetime(26, 1, 1)) == "0026-01-01T00:00:00.000000Z"  # noqa: DTZ001  one without a zone is meant
    assert values.iso_nano(1_771_276_457_123_456_789) == "2026-02-16T21:14:17.123456Z"
    assert values.iso_nano(1 << 80) is None


def test_entries() -> None:
    """Lists and objects give their items, up to a bound; the rest has none."""
    assert [("a", 1)] == values.entries({"a": 1, "b": 2}, most=1)
    assert [(None, 1)] == values.entries([1], most=5)
    assert [] == values.entries("text", most=5)
