"""Changes are on their way while more is derived: what is not written yet is not looked for in the store."""

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from derive import groups
from derive.deriver import Deriver
from derive.meaning import Rules
from pricing.catalogue import Catalogue
from schema.decode import decode
from schema.derived import Changes
from schema.rows import Batch
from store.raw import SqliteRawSide
from tests.derive.test_once import agree
from tests.support.derived import Derived, Tables
from tests.support.otlp import RECEIVED_AT
from tests.support.people import Person

PERSON = Person("ann", "11111111-aaaa-4aaa-8aaa-111111111111", "zanzibar")
NOW = 10**18
"""Before any record."""


class Late:
    """Take changes over, and write each when so many have come after it."""

    def __init__(self, derived: Derived, behind: int) -> None:
        """Write to a ledger."""
        self._derived, self.behind = derived, behind
        self._taken: deque[Changes] = deque()
        self.written = 0

    def take(self, changes: Changes) -> None:
        """Take changes over."""
        self._taken.append(changes)
        self._write(self.behind)

    def catch_up(self) -> None:
        """Write all of them."""
        self._write(0)

    def _write(self, left: int) -> None:
        while len(self._taken) > left:
            self._derived.side.apply(self._taken.popleft())
            self.written += 1


def late(derived: Derived, behind: int = 1000) -> Late:
    """Have a ledger's deriver write late."""
    found = Late(derived, behind)
    derived.deriver = Deriver(
        SqliteRawSide(derived.path),
        found.take,
        Rules(Catalogue()),
        written=lambda: found.written,
        clock=lambda: derived.clock,
    )
    return found


@pytest.fixture
def held() -> list[Batch]:
    """Make a session of several traces, and of records outside of any."""
    return [
        replace(decode(signal, "json", body, transport="http", received_at=RECEIVED_AT), fingerprint=None)
        for signal, body in PERSON.requests(6, seed=1)
    ]


@pytest.fixture
def expected(held: list[Batch], tmp_path: Path) -> Tables:
    """Derive from all of it at once, and write each change at once."""
    with Derived(tmp_path / "once") as derived:
        derived.commit(*held)
        return caught_up(derived, late(derived, behind=0))


def caught_up(derived: Derived, writer: Late) -> Tables:
    """Derive and write what is left, at a time when no session ends by the clock, which would read it again."""
    writer.behind = 0
    writer.catch_up()
    for _ in range(3):
        derived.clock += 100
        while derived.deriver.step(NOW):
            pass
    return derived.tables()


def test_nothing_is_let_go_before_it_is_written(held: list[Batch], expected: Tables, tmp_path: Path) -> None:
    """What a session's first records came to is not in the store when the next ones come."""
    with Derived(tmp_path / "late") as derived:
        writer = late(derived)
        for batch in held:
            derived.commit(batch)
            derived.deriver.step(NOW)
            derived.deriver.let_go()
        found = caught_up(derived, writer)

    agree(expected, found)


def test_no_group_is_forgotten_before_it_is_written(
    held: list[Batch], expected: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when there is room for none."""
    monkeypatch.setattr(groups, "HELD_FACTS", 0)
    with Derived(tmp_path / "late") as derived:
        writer = late(derived, behind=3)
        for batch in held:
            derived.commit(batch)
            derived.deriver.step(NOW)
        found = caught_up(derived, writer)

    agree(expected, found)


def test_a_rebuild_begins_once_all_is_written(held: list[Batch], expected: Tables, tmp_path: Path) -> None:
    """Until then nothing more is read."""
    with Derived(tmp_path / "late") as derived:
        writer = late(derived)
        derived.commit(*held)
        derived.deriver.step(NOW)
        derived.deriver.rebuild()
        assert not derived.deriver.step(NOW)
        assert 0 == derived.deriver.backlog().again
        assert derived.deriver.looks_back
        found = caught_up(derived, writer)

    agree(expected, found)
