"""Compare what is kept with what was sent; a run that lost or invented a row is no measurement."""

from pathlib import Path

from store.connection import open_reader

LEDGER = """
select total(received), total(stored), total(duplicate), total(rejected)
from ledger
where signal = 'traces'
"""


class MiscountError(Exception):
    """Say that the database does not hold what was sent."""


def check(db: Path, *, spans: int, retries: int = 0) -> None:
    """Raise MiscountError unless exactly these spans are kept; only a repeated request may have been counted twice."""
    connection = open_reader(db)
    try:
        rows = next(connection.execute("select count(*) from raw_spans"))[0]
        received, stored, duplicate, rejected = map(int, next(connection.execute(LEDGER)))
    finally:
        connection.close()
    if (rows, stored, rejected) != (spans, spans, 0) or (received != spans and not retries):
        raise MiscountError(
            f"{spans} spans were sent with {retries} retries; the database holds {rows}, its ledger says "
            f"received {received}, stored {stored}, duplicate {duplicate}, rejected {rejected}"
        )
