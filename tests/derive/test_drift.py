"""Mirror `derive.drift`: what is said of recordings whose newer version renames, drops or rewrites something."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from derive.drift import BEFORE, ENOUGH, Drift, drifts, in_order
from derive.inventory import Inventory
from mapping.facts import fact_of
from mapping.record import Record
from schema.derived import INVENTORY
from schema.signals import Signal
from tests.support.corpus import ALL, source
from tests.support.meaning import records

NEWER = "99.0.0"
TURNS = 4
Change = Callable[[Record], Record]


def counted(told: Iterable[Record]) -> list[dict[str, Any]]:
    """Count records, and give the rows that are looked at."""
    inventory = Inventory([], {Signal.TRACES: 0, Signal.LOGS: 0})
    for number, record in enumerate(told, 1):
        inventory.see(number, record, fact_of(record))
    rows = (dict(zip(INVENTORY.columns, row, strict=True)) for row in inventory.changes(0.0).put[INVENTORY.name])
    return [row for row in rows if row["field"] or not row["key"]]


def found(name: str, change: Change, *, turns: int = TURNS, newer: str = NEWER) -> list[Drift]:
    """Compare a recording with the same from a newer version, which sends it some times over with a change."""
    told = records(source(name).requests)
    later = [_of(change(record), newer) for record in told]
    return drifts(counted(chain(told, *[later] * turns)))


def _of(record: Record, version: str) -> Record:
    above = {**record.resource, "service.version": version}
    return replace(record, resource=above, scope_version=version, texts={})


def renamed(old: str, new: str) -> Change:
    """Give a key another name."""
    return lambda record: replace(
        record, attributes={new if key == old else key: value for key, value in record.attributes.items()}
    )


def as_text(changed: str) -> Change:
    """Write a number as text."""
    return lambda record: replace(
        record, attributes={key: str(value) if key == changed else value for key, value in record.attributes.items()}
    )


def same(record: Record) -> Record:
    """Change nothing."""
    return record


@pytest.mark.parametrize("name", ALL)
def test_the_same_from_a_newer_version_is_no_drift(name: str) -> None:
    """Nothing is said where nothing changed."""
    assert [] == found(name, same, turns=1)


@pytest.mark.parametrize(
    ("name", "key", "field"),
    [
        ("claude-code-logs", "input_tokens", "llm.input_tokens"),
        ("claude-code-logs", "cost_usd", "llm.cost_usd"),
        ("claude-code-spans", "session.id", "identity.session_id"),
        ("codex-cli-grpc", "conversation.id", "identity.session_id"),
        ("gemini-cli-http", "input_token_count", "llm.input_tokens"),
        ("qwen-code-http", "session.id", "identity.session_id"),
        ("openai-openinference", "llm.token_count.completion", "llm.output_tokens"),
        ("pydantic-ai-latest", "gen_ai.usage.output_tokens", "llm.output_tokens"),
        ("vercel-ai-v5", "ai.toolCall.name", "tool_calls.name"),
        ("google-adk", "gen_ai.request.model", "llm.model"),
    ],
)
def test_a_renamed_key_is_missed(name: str, key: str, field: str) -> None:
    """It is named with its field and both versions, and nothing else is."""
    drift = found(name, renamed(key, "elsewhere"))

    assert {("dropped", field, NEWER)} == {(one.what, one.field, one.newer) for one in drift}, drift
    assert all(key in one.keys for one in drift)


@pytest.mark.parametrize(
    ("name", "key", "types"),
    [
        ("claude-code-logs", "duration_ms", ("number", "text")),
        ("openai-openinference", "llm.token_count.prompt", ("number", "text")),
        ("codex-cli-http-json", "gen_ai.usage.output_tokens", ("number", "text")),
    ],
)
def test_a_changed_type_is_told(name: str, key: str, types: tuple[str, str]) -> None:
    """A number that becomes text is told with both types."""
    drift = found(name, as_text(key))

    assert {("retyped", (key,), types)} == {(one.what, one.keys, one.types) for one in drift}, drift


def test_calls_that_are_no_longer_known_as_such() -> None:
    """A span of Codex is known as a model call by one key: without it, model calls are missed."""
    drift = found("codex-cli-grpc", renamed("gen_ai.usage.input_tokens", "elsewhere"))

    assert [("vanished", "codex", "traces", "llm")] == [(one.what, one.source, one.signal, one.name) for one in drift]


def test_an_event_that_has_another_name() -> None:
    """An event that was a model call is missed under its old name."""
    drift = found("claude-code-logs", lambda record: replace(record, name=record.name.replace("api_request", "asked")))

    assert [("vanished", "claude_code", "api_request")] == [(one.what, one.source, one.name) for one in drift]


def test_an_older_version_that_lacks_a_key_is_no_drift() -> None:
    """What a version before did not send yet is no loss, though it is heard of last."""
    assert [] == found("claude-code-logs", renamed("input_tokens", "elsewhere"), newer="1.0.0")


@pytest.mark.parametrize(("before", "after"), [(BEFORE - 1, ENOUGH), (BEFORE, ENOUGH - 1), (BEFORE, ENOUGH)])
def test_little_is_not_enough(before: int, after: int) -> None:
    """Nothing is said until both versions have sent enough."""
    told = next(record for record in records(source("claude-code-logs").requests) if record.name == "api_request")
    later = _of(renamed("input_tokens", "elsewhere")(told), NEWER)
    drift = drifts(counted([*[told] * before, *[later] * after]))

    assert (len(drift) == 1) is (before >= BEFORE and after >= ENOUGH)


def test_it_is_known_since_when() -> None:
    """The first version that lacks a key is the one that dropped it, though a later one is the newest."""
    told = next(record for record in records(source("claude-code-logs").requests) if record.name == "api_request")
    lacking = renamed("input_tokens", "elsewhere")(told)
    first = _of(replace(lacking, end=1_800_000_000_000_000_000), "3.0.0")
    second = _of(replace(lacking, end=1_900_000_000_000_000_000), "3.1.0")
    drift = drifts(counted([*[told] * 20, *[first] * 20, *[second] * 20]))

    assert [("2.1.240", "3.1.0", "2027-01-15T08:00:00.000000Z", 20)] == [
        (one.older, one.newer, one.since, one.records) for one in drift
    ]


@pytest.mark.parametrize(
    ("versions", "order"),
    [
        ({"1.10.0": "2026", "1.9.0": "2027"}, ["1.9.0", "1.10.0"]),
        ({"v2": "2027", "1.9": "2026"}, ["1.9", "v2"]),
        ({"nightly": "2026", "1.9": "2027"}, ["nightly", "1.9"]),
        ({"": "2027", "1.9": "2026"}, ["1.9", ""]),
    ],
)
def test_versions_are_ordered(versions: dict[str, str], order: list[str]) -> None:
    """By their numbers if all have some, else by when they were first seen."""
    assert order == in_order(versions)
