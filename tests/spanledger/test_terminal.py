"""Prove that nothing stored can drive a terminal, and that tables line up."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanledger.terminal import human_bytes, human_time, plain, say_json, table

TURNING = {*"\u061c\u200e\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
HARMFUL = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029", *TURNING}


@given(st.text(st.characters(max_codepoint=0x2100)))
def test_plain(text: str) -> None:
    """Text keeps no control character, and harmless text stays as it is."""
    assert not HARMFUL & set(plain(text))
    assert HARMFUL & set(text) or text == plain(text)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON is harmless too, and still gives the same value."""
    value = {"text": "".join(sorted(HARMFUL)), "raw": b"\xff", "words": b"abc"}

    say_json(value)

    told = capsys.readouterr().out
    assert {"\n"} == HARMFUL & set(told)
    assert {**value, "raw": "ff", "words": "abc"} == json.loads(told)


def test_table() -> None:
    """Numbers stand to the right, text to the left, NULL is empty."""
    lines = table(["name", "n"], [["a", 5], ["long name", None], ["b\n", 12]]).splitlines()

    assert ["name        n", "---------  --", "a           5", "long name", "b\\n        12"] == lines


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 20, "5.0 MiB"), (3 << 40, "3.0 TiB")]
)
def test_human_bytes(value: int, expected: str) -> None:
    """Bytes are written in the unit that reads best."""
    assert expected == human_bytes(value)


def test_human_time() -> None:
    """Times are written in UTC."""
    assert human_time(1_795_219_725_620_893_420) == "2026-11-21 00:08:45Z"
    assert human_time(None) == "-"
