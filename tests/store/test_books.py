"""Mirror `store.books`; `tests.contracts` holds the ledger and replays."""

from collections.abc import Iterator

import apsw
import pytest

from schema import migrate
from schema.rows import Rejection
from store import books
from store.protocol import Outcome
from tests.contracts.batches import NOW, batch


@pytest.fixture
def cursor() -> Iterator[apsw.Cursor]:
    """Open an empty database."""
    connection = apsw.Connection(":memory:")
    migrate.migrate(connection)
    yield connection.cursor()
    connection.close()


def _refuse(cursor: apsw.Cursor, *payloads: bytes | None) -> None:
    made = batch(rejections=[Rejection("p", "r", "12345", payload) for payload in payloads])
    books.enter(cursor, made, Outcome(0, 0, len(payloads)), [])


def test_the_tally_follows_what_is_kept(cursor: apsw.Cursor) -> None:
    """Number and bytes of refused items are counted as they come and go, whoever deletes them."""
    _refuse(cursor, b"123", None)

    assert books.tally(cursor) == books.Tally(2, 13, 0)
    cursor.execute("delete from ingest_rejections where id = 1")
    assert books.tally(cursor) == books.Tally(1, 5, 1)


def test_too_many_refused_items(cursor: apsw.Cursor) -> None:
    """The oldest are forgotten and counted, and nothing happens when there are few enough."""
    _refuse(cursor, *[b"x"] * 10)

    assert not books.forget_rejections(cursor, kept=10, size=1_000)
    assert books.tally(cursor).forgotten == 0
    assert not books.forget_rejections(cursor, kept=4, size=1_000)
    assert books.tally(cursor) == books.Tally(4, 24, 6)
    assert list(cursor.execute("select min(id) from ingest_rejections")) == [(7,)]


def test_refused_items_that_are_too_large(cursor: apsw.Cursor) -> None:
    """Their bytes are bounded too, by forgetting as few as will do."""
    _refuse(cursor, bytes(100), bytes(100), bytes(100))

    assert not books.forget_rejections(cursor, kept=10, size=210)
    assert books.tally(cursor) == books.Tally(2, 210, 1)


def test_one_refused_item_larger_than_all_may_be(cursor: apsw.Cursor) -> None:
    """The bound holds even if nothing is left."""
    _refuse(cursor, bytes(100))

    assert not books.forget_rejections(cursor, kept=10, size=50)
    assert books.tally(cursor) == books.Tally(0, 0, 1)


def test_many_are_forgotten_in_slices(cursor: apsw.Cursor) -> None:
    """One call forgets no more than a slice and says that there is more to do."""
    _refuse(cursor, *[b""] * (books.FORGET_ROWS + 10))

    assert books.forget_rejections(cursor, kept=0, size=0)
    assert books.tally(cursor).kept == 10
    assert not books.forget_rejections(cursor, kept=0, size=0)


def test_old_requests_are_forgotten_in_slices(cursor: apsw.Cursor) -> None:
    """Only those before a time, the oldest first, a slice at a time."""
    for number in range(books.FORGET_ROWS + 20):
        made = batch(fingerprint=number.to_bytes(32, "big"), received_at=NOW + number)
        books.enter(cursor, made, Outcome(0, 0, 0), [])
    before = NOW + books.FORGET_ROWS + 10

    assert [books.forget_requests(cursor, before=before) for _ in range(3)] == [books.FORGET_ROWS, 10, 0]
    assert list(cursor.execute("select min(received_at) from ingest_requests")) == [(before,)]
