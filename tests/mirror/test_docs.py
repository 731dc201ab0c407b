"""Prove that the page about the mirror says what the mirror does."""

import json
import re
from pathlib import Path
from typing import Any

import apsw

from mirror import fields
from mirror.facts import read_session
from mirror.session import Held
from schema import migrate

PAGE = (Path(fields.__file__).parents[1] / "docs" / "mirror.md").read_text("utf-8")
AGENTS_OWN = {"AGENT_NAME", "TASK", "MODEL", "INPUT", "OUTPUT", "COST"}
ENTRIES_OWN = {"STARTED", "CHECKPOINT_ID", "ENTRY_TITLE", "PHASE_NAME", "LINE_TIME", "LINE_TYPE", "LINE_TEXT", "LEVEL"}


def blocks(language: str) -> list[str]:
    """Give the examples in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_name_of_a_sessions_facts_is_on_the_page() -> None:
    """Each list of names stands there as one cell, in its order."""
    lists: dict[str, Any] = {
        name: value
        for name, value in vars(fields).items()
        if name.isupper() and isinstance(value, tuple) and name not in AGENTS_OWN | ENTRIES_OWN | {"INSIDE", "PROGRESS"}
    }
    missing = [name for name, value in lists.items() if ", ".join(f"`{one}`" for one in value) not in PAGE]

    assert [] == missing
    assert all(f"`{name}`" in PAGE for name in (*fields.INSIDE, *fields.PROGRESS, *fields.TOLD_APART))


def test_the_example_is_understood() -> None:
    """The state on the page is read as the page says."""
    (example,) = (json.loads(one) for one in blocks("json"))
    found = read_session(Held("/s", json.dumps(example).encode(), 1))

    assert ("2026-02-16_checkout_j3ehqn", "build", "active") == (found.session_id, found.phase, found.status)
    assert ["completed", "completed", "in_progress", "pending"] == [one.status for one in found.checkpoints]
    assert ["2026-02-16_checkout_j3ehqn", "0e0e…"] == found.links
    assert ["0e0e…:main"] == [one.agent_id for one in found.agents]


def test_the_statements_can_be_asked() -> None:
    """The SQL on the page names tables and columns that there are."""
    connection = apsw.Connection(":memory:")
    migrate.migrate(connection)
    statements = [one for block in blocks("sql") for one in block.split(";") if one.strip()]

    assert [[], []] == [list(connection.execute(one)) for one in statements]
