"""What was derived stays when its records are forgotten, whatever is derived again and whatever comes later."""

from functools import partial
from pathlib import Path
from random import Random

import apsw
import pytest

from schema.rows import Batch
from schema.signals import Signal
from tests.derive.test_once import agree
from tests.support.corpus import ALL, source
from tests.support.derived import Derived, batches

RAW = ("raw_spans", "raw_logs", "raw_points")
SOME = ("claude-code-both", "codex-cli-grpc", "gemini-cli-http", "openai-logfire", "otel-js-json", "autogen", "openlit")
OTHERS = [pytest.param(name, marks=pytest.mark.soak) for name in ALL if name not in SOME]


def forget(derived: Derived, where: str) -> None:
    """Delete raw rows and keep the books about it, as a sweep does."""
    for table in RAW:
        derived.side.transaction(partial(_forget, table=table, where=where))


def _forget(cursor: apsw.Cursor, *, table: str, where: str) -> None:
    cursor.execute(f"delete from {table} where {where}")
    cursor.execute("update forgotten set rows = rows + ? where name = ?", (cursor.connection.changes(), table))


@pytest.mark.parametrize("name", [*SOME, *OTHERS])
def test_deriving_again_changes_nothing_when_records_are_gone(name: str, tmp_path: Path) -> None:
    """Half of the records are forgotten, then others at random, then all of them."""
    random = Random(name)
    with Derived(tmp_path) as derived:
        derived.commit(*batches(source(name).requests))
        derived.derive()
        expected = derived.tables()
        for where in ("id % 2 = 0", f"id % 3 = {random.randrange(3)}", "true"):
            forget(derived, where)
            derived.restart()
            derived.deriver.rebuild()
            derived.derive()

            agree(expected, derived.tables())


@pytest.mark.parametrize("name", SOME)
def test_what_comes_after_its_beginning_is_forgotten_is_added(name: str, tmp_path: Path) -> None:
    """The first requests are derived from and forgotten before the others come: nothing that was told is lost."""
    held = batches(source(name).requests)
    first, rest = _halves(held)
    with Derived(tmp_path) as derived:
        derived.commit(*first)
        derived.derive()
        before = {row[0] for row in derived.rows("select call_id from model_calls where usage_role <> 'metric'")}
        jobs = {row[0] for row in derived.rows("select id from job_history")}
        forget(derived, "true")
        derived.restart()
        derived.commit(*rest)
        derived.derive()

        assert before <= {row[0] for row in derived.rows("select call_id from model_calls")}
        assert jobs <= {row[0] for row in derived.rows("select id from job_history")}


def _halves(held: list[Batch]) -> tuple[list[Batch], list[Batch]]:
    """Split the requests of each signal in two."""
    first, rest = [], []
    for signal in Signal:
        of_signal = [batch for batch in held if batch.signal is signal]
        first += of_signal[: len(of_signal) // 2]
        rest += of_signal[len(of_signal) // 2 :]
    return first, rest
