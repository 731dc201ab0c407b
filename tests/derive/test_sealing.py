"""What was derived stays when its records are forgotten, whatever is derived again and whatever comes later."""

from pathlib import Path
from random import Random

import pytest

from schema.signals import Signal
from tests.derive.test_once import SOME, agree
from tests.support.corpus import ALL, source
from tests.support.derived import Derived, batches

TABLES = {Signal.TRACES: "raw_spans", Signal.LOGS: "raw_logs", Signal.METRICS: "raw_points"}


def forget(derived: Derived, where: str) -> None:
    """Delete raw rows and keep the books about it, as a sweep does."""
    for table in TABLES.values():
        derived.side.transaction(
            lambda cursor, table=table: [
                cursor.execute(f"delete from {table} where {where}"),
                cursor.execute("update forgotten set rows = rows + changes() where name = ?", (table,)),
            ]
        )


@pytest.mark.parametrize("name", ALL)
def test_deriving_again_changes_nothing_when_records_are_gone(name: str, tmp_path: Path) -> None:
    """The first half of the records are forgotten, then others at random, then all of them."""
    held = batches(source(name).requests)
    random = Random(name)
    with Derived(tmp_path) as derived:
        derived.commit(*held)
        derived.derive()
        expected = derived.tables()
        for where in ("received_at is not null and id % 2 = 0", f"id % 3 = {random.randrange(3)}", "true"):
            forget(derived, where)
            derived.restart()
            derived.deriver.rebuild()
            derived.derive()

            agree(expected, derived.tables())
