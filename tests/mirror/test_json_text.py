"""Mirror `mirror.json_text`: what programs write as JSON is read, and what cannot be is told in one sentence."""

import pytest

from mirror.json_text import Unreadable, read_object, written


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": NaN, "b": [Infinity, -Infinity]}', {"a": None, "b": [None, None]}),
        (b'{"a": "\\ud800x"}', {"a": "?x"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": 123456789012345678901234567890}', {"a": 1.2345678901234568e29}),
    ],
)
def test_what_programs_write(content: bytes, wanted: object) -> None:
    """A byte order mark, numbers that are none, half a surrogate pair and a key given twice are read."""
    assert wanted == read_object(content)
    assert written(wanted)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"a": ', "is not JSON: unexpected end of data"),
        (b"[1]", "is a JSON list; an object is wanted"),
        (b'"x"', "is a JSON str; an object is wanted"),
        (b'{"a": "\xff"}', "is not UTF-8: byte 7"),
        (b'{"a": NaN} x', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_what_cannot_be_read(content: bytes, reason: str) -> None:
    """Everything else is refused with its reason."""
    with pytest.raises(Unreadable, match=reason):
        read_object(content)
