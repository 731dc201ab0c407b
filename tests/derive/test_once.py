"""However records come, the same rows are derived from them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from derive.deriver import SWEEP_S
from schema.rows import Batch
from schema.signals import Signal
from tests.support.corpus import ALL, source
from tests.support.derived import Derived, Tables, batches

SOME = ("codex-cli-grpc", "claude-code-both", "openai-openinference", "autogen")
INNER = ("codex-cli-grpc", "google-adk", "openai-openllmetry", "pydantic-ai-latest", "vercel-ai-v5")
"""Recordings of agents inside of others, and of calls that go on from one trace to another."""
EARLY = 1_000_000_000_000_000_000
"""Long before anything was recorded: no session has ended."""
MOST_ROWS = 400
"""Rows of one request."""


def at_once(folder: Path, held: list[Batch]) -> Tables:
    """Derive from everything, in the order in which it was recorded."""
    with Derived(folder) as derived:
        derived.commit(*held)
        derived.derive()
        return derived.tables()


def anyhow(folder: Path, held: list[Batch], random: Random) -> Tables:
    """Split, merge, repeat and shuffle requests, and derive and restart in between."""
    with Derived(folder) as derived:
        for batch in _mixed(held, random):
            derived.commit(batch)
            if random.random() < 0.4:
                derived.deriver.step(random.randrange(10**18))
            if random.random() < 0.1:
                derived.restart()
        derived.derive()
        return derived.tables()


def _mixed(held: list[Batch], random: Random) -> Iterator[Batch]:
    """Make other requests of the same records."""
    resources = {key: row for batch in held for key, row in batch.resources.items()}
    scopes = {key: row for batch in held for key, row in batch.scopes.items()}
    pieces = []
    for signal in Signal:
        rows = [row for batch in held if batch.signal is signal for row in batch.rows]
        rows += random.sample(rows, len(rows) // 5)
        random.shuffle(rows)
        while rows:
            size = random.randint(1, MOST_ROWS)
            pieces.append((signal, rows[:size]))
            del rows[:size]
    random.shuffle(pieces)
    for signal, rows in pieces:
        like = next(batch for batch in held if batch.signal is signal)
        yield replace(
            like,
            fingerprint=None,
            rows=rows,
            resources={row[0]: resources[row[0]] for row in rows},
            scopes={row[1]: scopes[row[1]] for row in rows},
        )


def agree(expected: Tables, found: Tables) -> None:
    """Assert that the tables are equal."""
    assert expected["agent_sessions"]
    for table, rows in expected.items():
        assert found[table] == rows, table


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_records_changes_nothing(name: str, tmp_path: Path) -> None:
    """Split, merged, repeated, shuffled, with restarts in between."""
    held = batches(source(name).requests)

    agree(at_once(tmp_path / "1", held), anyhow(tmp_path / "2", held, Random(name)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
def test_the_order_of_everybodys_records_changes_nothing(seed: int, tmp_path: Path) -> None:
    """The same with several programs at once, again and again."""
    random = Random(seed)
    held = [batch for name in random.sample(ALL, 6) for batch in batches(source(name).requests)]

    agree(at_once(tmp_path / "1", held), anyhow(tmp_path / "2", held, random))


@pytest.mark.parametrize("name", INNER)
def test_a_restart_before_sessions_end_changes_nothing(name: str, tmp_path: Path) -> None:
    """Sessions whose work is booked on another one are found again when the clock ends them."""
    held = batches(source(name).requests)
    with Derived(tmp_path / "2") as derived:
        derived.commit(*held)
        derived.derive(EARLY)
        derived.restart()
        derived.clock += SWEEP_S
        derived.derive()

        agree(at_once(tmp_path / "1", held), derived.tables())


def test_deriving_all_again_comes_to_the_same(tmp_path: Path) -> None:
    """What was changed or lost in derived tables is made good; what a program wrote by hand stays."""
    held = [batch for name in SOME for batch in batches(source(name).requests)]
    with Derived(tmp_path) as derived:
        derived.commit(*held)
        derived.derive()
        expected = derived.tables()
        derived.spoil()
        assert derived.tables() != expected

        derived.deriver.rebuild()
        derived.derive()

        agree(expected, derived.tables())
