"""Mirror of retention/keeper.py: when a round by the clock may begin."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import orjson
import pytest

from retention.config import Retention
from retention.helpers import Helpers, Ordered
from retention.keeper import Keeper
from store.old import SqliteOldSide
from tests.retention.kept import DAY, NOW, PLENTY, Kept, aged
from tests.support.corpus import source
from tests.support.derived import batches

OLD, NEW = "otel-python-grpc-gzip", "otel-js-json"
RULES = Retention(raw=24 * 3600.0)
IDLE = Ordered(lambda: 0, lambda: 0)
"""Nothing is erased here."""


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Keep records that are old, and rules that were agreed to."""
    with Kept(tmp_path) as found:
        found.round(RULES)
        found.receive(OLD, days_ago=3)
        yield found


def keeper(kept: Kept, *, is_near: bool, is_derived: bool = False) -> Keeper:
    """Keep a database from which, unless told otherwise, not all is derived at this moment."""

    def run(work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(kept.hand(work))
        return future

    return Keeper(
        RULES,
        lambda: SqliteOldSide(kept.path),
        run,
        busy=lambda: True,
        is_derived=lambda: is_derived,
        is_near=lambda: is_near,
        free=lambda: PLENTY,
        helpers=Helpers(IDLE, IDLE, None, lambda: False),
        clock=lambda: NOW,
    )


def test_what_is_derived_from_goes_though_newer_records_wait(kept: Kept) -> None:
    """Records that come without a pause do not keep the clock from its round; what nothing is derived from stays."""
    before = kept.count("raw_spans")
    kept.commit(*(aged(batch, NOW - 2 * DAY) for batch in batches(source(NEW).requests)))
    waiting = kept.count("raw_spans") - before
    keeps = keeper(kept, is_near=True)

    assert keeps.go(None, is_ordered=False)
    assert (1, 0) == (keeps.rounds, keeps.failed_rounds)
    assert before > 0
    assert waiting == kept.count("raw_spans")
    assert before == keeps.rows["raw_spans"]
    assert keeps.bytes["raw_spans"] > 0
    assert "looked_through" not in _state(kept), "looking at all tables waits for a quiet moment"


def test_a_quiet_moment_is_used_to_look_at_all_tables(kept: Kept) -> None:
    """As soon as nothing waits to be derived from."""
    assert keeper(kept, is_near=True, is_derived=True).go(None, is_ordered=False)

    assert {"at": NOW, "faults": [], "unread": []} == _state(kept)["looked_through"]


def test_a_round_waits_while_much_is_not_derived_from(kept: Kept) -> None:
    """As after a rebuild was asked for."""
    keeps = keeper(kept, is_near=False)
    before = kept.count("raw_spans")

    assert not keeps.go(None, is_ordered=False)
    assert (0, before) == (keeps.rounds, kept.count("raw_spans"))


def _state(kept: Kept) -> dict[str, Any]:
    return {key: orjson.loads(value) for key, value in kept.rows("select key, value from retention_state")}
