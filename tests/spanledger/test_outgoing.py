"""Prove that an export reads as much at a time as memory allows."""

import pytest

from spanledger.outgoing import MAX_ROWS, PAGE_BYTES, Page, next_limit


@pytest.mark.parametrize(
    ("rows", "written_bytes", "expected"),
    [
        (1, 300, 2),
        (512, 512 * 300, MAX_ROWS),
        (MAX_ROWS, MAX_ROWS * 300, MAX_ROWS),
        (1, 3 * PAGE_BYTES, 1),
        (8, 8 * PAGE_BYTES, 1),
        (100, 2 * PAGE_BYTES, 50),
        (3, 0, 6),
    ],
)
def test_next_limit(rows: int, written_bytes: int, expected: int) -> None:
    """The next page comes to about 4 MiB, grows slowly, shrinks at once and is never empty."""
    assert expected == next_limit(Page(rows, last_id=9, written_bytes=written_bytes))
