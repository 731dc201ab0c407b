"""Prove what times, sizes and addresses are read from and written as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.section import Address, AddressOrOff, Duration, Section, Size, duration_text, seconds, size_bytes, size_text


class Sample(Section):
    """Hold one setting of each kind."""

    wait: Duration = 30.0
    """How long."""
    room: Size = 64 << 20
    """How much."""
    place: AddressOrOff = Address("127.0.0.1", 4317)
    """Where."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [("250ms", 0.25), ("30s", 30), ("5m", 300), ("2h", 7200), ("30d", 2_592_000), ("1.5 s", 1.5), ("7", 7), (3, 3)],
)
def test_duration(text: object, expected: float) -> None:
    """A duration is a number with a unit, or seconds."""
    assert expected == seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("64MiB", 64 << 20),
        ("1GiB", 1 << 30),
        ("512KiB", 512 << 10),
        ("10MB", 10_000_000),
        ("7", 7),
        (9, 9),
        ("2gib", 2 << 30),
    ],
)
def test_size(text: object, expected: int) -> None:
    """A size is a number with a unit, or bytes."""
    assert expected == size_bytes(text)


@pytest.mark.parametrize("wrong", ["", "s", "5x", "-1s", "1e3", "٣s", True, None, [], -1, float("inf"), float("nan")])
def test_wrong_quantity(wrong: object) -> None:
    """What is no amount is refused with an example or the range."""
    for read in (seconds, size_bytes):
        with pytest.raises(ValueError, match=r"such as|out of range"):
            read(wrong)


@given(st.integers(0, 10**9))
def test_quantities_are_written_as_read(value: int) -> None:
    """Writing a duration or a size and reading it again gives the same."""
    assert value == seconds(duration_text(float(value)))
    assert value == size_bytes(size_text(value))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:4317", "127.0.0.1", 4317),
        ("[::1]:4317", "::1", 4317),
        ("localhost:0", "localhost", 0),
        ("0.0.0.0:65535", "0.0.0.0", 65535),
    ],
)
def test_address(text: str, host: str, port: int) -> None:
    """An address is read, and written the way it was."""
    address = Address.parse(text)

    assert (host, port) == address
    assert text == str(address)


@pytest.mark.parametrize(
    "wrong", ["", "4317", ":4317", "::1:4317", "a:65536", "a:-1", "a b:1", "[abc]:1", "[::1:1", "a:"]
)
def test_wrong_address(wrong: str) -> None:
    """What is no address is refused with an example."""
    with pytest.raises(ValueError, match=r"write HOST:PORT, such as 127\.0\.0\.1:4318"):
        Address.parse(wrong)


def test_section() -> None:
    """A section reads text, writes text, and keeps its docstrings."""
    sample = Sample.model_validate({"wait": "5m", "room": "1KiB", "place": "off"})

    assert (300, 1024, None) == (sample.wait, sample.room, sample.place)
    assert {"wait": "5m", "room": "1KiB", "place": "off"} == sample.model_dump(mode="json")
    assert Sample.model_fields["wait"].description == "How long."


def test_section_is_frozen() -> None:
    """A section cannot be changed."""
    with pytest.raises(ValidationError, match="frozen"):
        Sample().wait = 1.0  # type: ignore[misc]  # the point of the test


def test_section_refuses_unknown_keys() -> None:
    """A key that a section does not have is refused."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        Sample.model_validate({"wiat": 1})
