"""Mirror `spanledger.drift`: what `doctor` says of updates that took something away, and of sessions that went quiet."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schema.rows import LOG_COLUMNS, SPAN_COLUMNS, Batch
from schema.signals import Signal
from spanledger.cli import run
from spanledger.drift import quiet, updates
from spanledger.findings import Finding
from tests.derive.ledgers import DAY, SECOND, Ledger, again, last_time, recorded
from tests.support.corpus import ALL

MINUTE = 60 * SECOND
CLAUDE = "claude-code-both"
LLM, TOOL = "llm", "tool"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new database."""
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def same(told: dict[str, Any]) -> dict[str, Any]:
    """Change nothing."""
    return told


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Give a key another name."""
    return lambda told: {new if key == old else key: value for key, value in told.items()}


def as_text(*keys: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Write numbers as text."""
    return lambda told: {key: str(value) if key in keys else value for key, value in told.items()}


def upgraded(ledger: Ledger, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Finding]:
    """Keep a recording, and some days later the same from a newer version with a change; say what is found."""
    first = recorded(name)
    ledger.commit(*first)
    for turn in range(3):
        ledger.commit(*again(first, "99.0.0", change, later=(turn + 1) * DAY, turn=turn))
    ledger.derive()
    with ledger.reading() as side:
        return [one for one in updates(side) if one.level != "ok"]


@pytest.mark.parametrize("name", ALL)
def test_no_recording_raises_a_false_alarm(name: str, ledger: Ledger) -> None:
    """Whenever somebody looks, nothing is said of a recording, nor of the same from a newer version."""
    first = recorded(name)
    ledger.commit(*first, *again(first, "99.0.0", same, later=10 * SECOND))
    end = last_time(first) + 10 * SECOND
    for later in (0, 11 * MINUTE, 25 * MINUTE):
        ledger.derive(end + later)
        with ledger.reading() as side:
            found = [*updates(side), *quiet(side, end + later)]

        assert [("updates", "ok"), ("quiet", "ok")] == [(one.check, one.level) for one in found], found


def test_a_renamed_key_is_told_word_by_word(ledger: Ledger) -> None:
    """What is missing, where, since when, since which version, and what is new there."""
    found = upgraded(ledger, CLAUDE, renamed("input_tokens", "usage.input"))

    assert [
        Finding(
            "updates",
            "warn",
            "claude_code 99.0.0 no longer sends input tokens (input_tokens) in log records 'api_request', "
            "spans 'llm', 2.1.240 did; since 2026-11-21 12:00:00Z, 0 records; new there: usage.input",
            "upgrade spanledger; if this stays, file an issue with the output of "
            "`spanledger sql --json \"select * from inventory where source = 'claude_code'\"`",
        )
    ] == found


def test_a_type_that_changed(ledger: Ledger) -> None:
    """A number that became text is told with both types."""
    found = upgraded(ledger, "openai-openinference", as_text("llm.token_count.prompt"))

    assert ["x"] == [one.text for one in found]


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [
        ("codex-cli-grpc", "conversation.id", "the session's id (conversation.id)"),
        ("gemini-cli-http", "input_token_count", "input tokens (input_token_count)"),
        ("qwen-code-http", "session.id", "the session's id (session.id)"),
        ("pydantic-ai-latest", "gen_ai.usage.output_tokens", "output tokens (gen_ai.usage.output_tokens)"),
        ("vercel-ai-v5", "ai.toolCall.name", "the tool's name (ai.toolCall.name)"),
    ],
)
def test_other_programs_and_libraries(name: str, key: str, words: str, ledger: Ledger) -> None:
    """Each says what its newer version dropped, and nothing else."""
    found = upgraded(ledger, name, renamed(key, "elsewhere"))

    assert found
    assert all(f"no longer sends {words}" in one.text for one in found), found


def test_model_calls_that_are_no_longer_known_as_such(ledger: Ledger) -> None:
    """When the key is gone that a model call is known by, its records are missed."""
    found = upgraded(ledger, "codex-cli-grpc", renamed("gen_ai.usage.input_tokens", "x"))

    assert ["x"] == [one.text for one in found]
