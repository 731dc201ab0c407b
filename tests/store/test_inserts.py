"""Mirror `store.inserts`; `tests.contracts` holds what is kept of which version."""

import json
from collections.abc import Iterator

import apsw
import pytest

from schema import migrate
from schema.rows import SPAN_COLUMNS
from schema.signals import Signal
from store.inserts import SIZES, insert
from tests.contracts.batches import BUILD, span


@pytest.fixture
def cursor() -> Iterator[apsw.Cursor]:
    """Open a transaction on an empty database."""
    connection = apsw.Connection(":memory:")
    migrate.migrate(connection)
    connection.execute("begin")
    yield connection.cursor()
    connection.close()


@pytest.mark.parametrize("signal", list(Signal))
@pytest.mark.parametrize(
    "number", sorted({0, *SIZES, *(size - 1 for size in SIZES), *(size + 1 for size in SIZES), 151})
)
def test_any_number_of_rows_goes_in(cursor: apsw.Cursor, signal: Signal, number: int) -> None:
    """Statements of several sizes together take each row once, in order."""
    rows = [BUILD[signal](n, repaired="{}" if n % 3 == 0 else None) for n in range(number)]
    kept = insert(cursor, signal, rows)

    assert (kept.stored, kept.repaired, kept.conflicts) == (number, len(range(0, number, 3)), [])


def test_repaired_rows_are_counted_when_they_are_stored(cursor: apsw.Cursor) -> None:
    """A mended row that was there already is not counted again."""
    insert(cursor, Signal.TRACES, [span(1, repaired="{}")])
    kept = insert(cursor, Signal.TRACES, [span(1, repaired="{}"), span(2, repaired="{}"), span(3)])

    assert (kept.stored, kept.repaired) == (2, 1)


def test_a_variant_is_written_down_whole(cursor: apsw.Cursor) -> None:
    """Every column of a version that is not kept can be read in its payload."""
    insert(cursor, Signal.TRACES, [span(1)])
    other = span(1, name="other", events="[1]")
    (variant,) = insert(cursor, Signal.TRACES, [other]).conflicts

    assert (variant.position, variant.reason, variant.items) == (f"span {'ab' * 16} {1:016x}", "conflict", 0)
    assert variant.payload is not None
    assert json.loads(variant.payload) == dict(zip(SPAN_COLUMNS, other, strict=True))


@pytest.mark.parametrize("signal", list(Signal))
def test_a_row_that_breaks_a_rule_of_its_table_is_not_passed_over(cursor: apsw.Cursor, signal: Signal) -> None:
    """'insert or ignore' ignores missing values too; such a row raises what SQLite has against it."""
    with pytest.raises(apsw.ConstraintError, match="NOT NULL"):
        insert(cursor, signal, [BUILD[signal](1), BUILD[signal](2, attributes=None)])
