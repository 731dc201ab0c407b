"""Mirror `derive.inventory`: what is counted, that it is counted once, and that it stays bounded."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from derive.inventory import EVERY_S, MAX_KEYS, MAX_NAMES, MAX_VERSIONS, NEW_S, REST, Inventory
from mapping.facts import fact_of
from mapping.record import Record
from mapping.watch import TYPES
from schema.signals import Signal
from tests.derive.ledgers import Ledger, recorded
from tests.support.corpus import source
from tests.support.meaning import records

MINUTE = 60_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new database."""
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def empty() -> Inventory:
    """Make an inventory of nothing."""
    return Inventory([], {Signal.TRACES: 0, Signal.LOGS: 0})


def see(
    inventory: Inventory,
    number: int,
    keys: dict[str, Any] | None = None,
    *,
    version: str = "1.0.0",
    name: str = "codex.thing",
) -> None:
    """Count a log record of Codex; its number is also its minute."""
    above = {"service.name": "codex_exec", "service.version": version}
    time = number * MINUTE
    record = Record(Signal.LOGS, f"log/{number}", name, time, time, "", "", attributes=keys or {}, resource=above)
    inventory.see(number, record, fact_of(record))


def rows(inventory: Inventory) -> list[tuple[Any, ...]]:
    """Give what would be written after a long time."""
    return inventory.changes(1e9).put["inventory"]


def test_a_row_says_what_where_how_often_and_when() -> None:
    """Each key has a row with its type and field; the row without a key counts the records."""
    inventory = empty()
    see(inventory, 1, {"conversation.id": "a", "part.3.size": 1.5})
    see(inventory, 3, {"conversation.id": "b"})
    see(inventory, 2, {"conversation.id": "it is counted already"})

    base = ("codex", "1.0.0", "logs", "codex.thing")
    early, late = "1970-01-01T00:01:00.000000Z", "1970-01-01T00:03:00.000000Z"
    assert rows(inventory) == [
        (*base, "", "", None, "codex", 2, early, late),
        (*base, "conversation.id", "text", "identity.session_id", "codex", 2, early, late),
        (*base, "part.N.size", "number", None, "codex", 1, early, early),
    ]


@pytest.mark.parametrize("name", ["claude-code-both", "codex-cli-grpc", "vercel-ai-v7"])
def test_a_recording_is_counted_as_it_is(name: str, ledger: Ledger) -> None:
    """The counts of records and keys are those of the recording, without what failed or is not an agent's."""
    ledger.commit(*recorded(name))
    ledger.derive()

    told, keys = 0, Counter[str]()
    for record in records(source(name).requests):
        fact = fact_of(record)
        if not fact.failed and fact.emitter != "generic":
            told += 1
            keys.update(key for key, value in record.attributes.items() if type(value) in TYPES)
    found = ledger.inventory()
    assert told == sum(row[8] for row in found if not row[4])
    assert sum(keys.values()) == sum(row[8] for row in found if row[4])


@pytest.mark.parametrize("pause", [0.1, 0.6, 2.0])
def test_reading_again_changes_nothing(pause: float, ledger: Ledger) -> None:
    """After restarts in between, and made anew from all records, counts and times are the same."""
    told = [batch for batch in recorded("claude-code-both") if batch.rows]
    pieces = [
        replace(batch, rows=batch.rows[at : at + 3], fingerprint=None)
        for batch in told
        for at in range(0, len(batch.rows), 3)
    ]
    for number, piece in enumerate(pieces, 1):
        ledger.commit(piece)
        ledger.clock += pause
        ledger.deriver.step(0)
        if number % 4 == 0:
            ledger.restart()
    ledger.derive()
    found = ledger.inventory()

    assert found
    for forgotten in (["derived_positions where signal not like 'inventory/%'"], ["derived_positions", "inventory"]):
        ledger.forget(*forgotten)
        ledger.restart()
        ledger.derive()
        assert found == ledger.inventory(), forgotten


def test_only_new_keys_are_written_at_once() -> None:
    """What is known is written again after a while only."""
    inventory = empty()
    see(inventory, 1, {"a": "x"})
    first = len(inventory.changes(100.0))
    see(inventory, 2, {"a": "y"})
    soon = len(inventory.changes(100.0 + EVERY_S - 1))
    see(inventory, 3, {"b": "y"})
    other = len(inventory.changes(100.0 + NEW_S))
    see(inventory, 4, {"b": "y"})

    assert (2, 0, 3, 0) == (first, soon, other, len(inventory.changes(100.0 + NEW_S)))
    assert len(inventory.changes(100.0 + NEW_S + EVERY_S)) == 2


def test_it_is_bounded() -> None:
    """Too many names or keys are counted as one; of versions the longest quiet is forgotten."""
    inventory = empty()
    letters = [f"k{chr(97 + one // 26)}{chr(97 + one % 26)}" for one in range(MAX_KEYS + 50)]
    see(inventory, 1, {**dict.fromkeys(letters, "x"), "model": "m"}, version="0")
    for number, letter in enumerate(letters):
        see(inventory, 10 + number, version="0", name=f"codex.{letter}")
    first = rows(inventory)
    for number in range(MAX_VERSIONS):
        see(inventory, 1000 + number, version=f"1.{number}")
    later = inventory.changes(2e9)

    keys = [row[4] for row in first if row[3] == "codex.thing"]
    assert len(keys) <= MAX_KEYS + 4
    assert {REST, "model"} <= set(keys)
    assert len({row[3] for row in first}) == MAX_NAMES + 1
    assert {key[1] for key in later.gone["inventory"]} == {"0"}
    assert len(later.gone["inventory"]) == len(first)


def test_unusual_keys_cost_no_more_rows() -> None:
    """Keys with numbers in them are one key, and long ones are cut."""
    inventory = empty()
    for number in range(1, 500):
        see(inventory, number, {f"llm.input_messages.{number}.message.content": "x", "x" * 5000: number})

    assert {"", "llm.input_messages.N.message.content", "x" * 119 + "…"} == {row[4] for row in rows(inventory)}
