"""Metrics count where nothing else does: the totals are the same, and never there twice."""

from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from schema.signals import Signal
from tests.derive.test_once import agree, anyhow, at_once
from tests.support.corpus import ALL, source
from tests.support.derived import Derived, batches
from tests.support.points import in_session

SESSION: Final = "0b5f7a52-6d2e-4a3b-9c11-aaaaaaaaaaaa"
"""What an operator may have called a session whose metrics do not name it."""
FACTS: Final = ("input", "output", "cache_read", "cache_write", "reasoning")
TOTALS: Final = """
select
  sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(reasoning_tokens),
  sum(case when cost_source = 'emitted' then cost_nanos end)
from model_calls
where counted = 1
"""
TRUTH: Final = ("input_total", "output_total", "cache_read", "cache_write", "reasoning")
COUNTED: Final = [name for name in ALL if any(request.signal is Signal.METRICS for request in source(name).requests)]
UNCOUNTED: Final = {
    "openai-mlflow": "no metric of tokens",
    "vercel-ai-v7": "no metric of tokens",
    "strands-anthropic-latest": "names no model, and does not say whether the input is with the cache",
}
NOT_TRUE: Final = {
    ("google-genai-official", "*"): "one call's numbers for a whole loop of tools, as its spans",
    ("openai-openllmetry", "*"): "the metrics leave out streamed and asynchronous calls",
    ("openai-v2-legacy", "*"): "the metrics leave out streamed calls",
    ("otel-python-grpc-gzip", "input"): "made by hand: the provider's own count, without the cache",
    ("otel-python-http-gzip", "input"): "likewise",
}
"""Where what the metrics say is not what happened."""
NO_CACHE: Final = "the semantic conventions' first metric knows input and output alone"
APART: Final = {
    ("gemini-cli-http", Signal.TRACES, "output"): "spans leave out the thoughts, and do not tell of them",
}
"""Where one signal alone does not come to the same."""


def only(name: str, *signals: Signal) -> list[Any]:
    """Give the requests of some signals."""
    return batches([request for request in source(name).requests if request.signal in signals])


def totals(folder: Path, held: list[Any]) -> dict[str, int | None]:
    """Derive from requests; give the sums."""
    with Derived(folder) as derived:
        derived.commit(*held)
        derived.derive()
        (sums,) = derived.rows(TOTALS)
    return dict(zip((*FACTS, "cost"), sums, strict=True))


def named(name: str) -> list[Any]:
    """Give the metrics of a source, in a session in any case."""
    return [in_session(batch, SESSION) for batch in only(name, Signal.METRICS)]


@pytest.mark.parametrize("name", COUNTED)
def test_metrics_alone_tell_the_truth(name: str, tmp_path: Path) -> None:
    """As far as they tell a kind of token at all."""
    found = totals(tmp_path, named(name))
    known = dict(zip(FACTS, (source(name).truth["totals"]["tokens"].get(key) for key in TRUTH), strict=True))
    wrong = {fact for fact in FACTS if found[fact] is not None and found[fact] != known[fact]}

    assert (found["input"] is None) == (name in UNCOUNTED)
    assert wrong == {fact for fact in wrong if {(name, fact), (name, "*")} & NOT_TRUE.keys()}
    assert bool(wrong) == any(name == listed for listed, _ in NOT_TRUE)


@pytest.mark.parametrize(
    "name",
    [
        "claude-code-both",
        "codex-cli-grpc",
        "codex-cli-http-json",
        "gemini-cli-http",
        "qwen-code-http",
        "copilot-cli",
        "openai-genai-official",
        "anthropic-genai-official",
        "google-genai-official",
        "openai-agents-genai-official",
        "otel-js-grpc",
    ],
)
def test_each_signal_tells_the_same(name: str, tmp_path: Path) -> None:
    """Spans alone, log records alone, metrics alone and all of them: what each carries."""
    every = totals(tmp_path / "all", batches(source(name).requests))
    alone = {signal: totals(tmp_path / signal, only(name, signal)) for signal in (Signal.TRACES, Signal.LOGS)}
    alone[Signal.METRICS] = totals(tmp_path / "metrics", named(name))
    differing = {
        (name, signal, fact)
        for signal, told in alone.items()
        for fact, value in told.items()
        if value is not None and value != (every[fact] or 0)
    }

    assert every["input"] is not None
    assert {key for key in APART if key[0] == name} == differing


@pytest.mark.parametrize("name", COUNTED)
def test_metrics_add_nothing_to_records(name: str, tmp_path: Path) -> None:
    """Where records tell of calls, every row is the same with the metrics as without them."""
    without = at_once(tmp_path / "1", only(name, Signal.TRACES, Signal.LOGS))

    agree(without, at_once(tmp_path / "2", batches(source(name).requests)))


@pytest.mark.parametrize("name", ["claude-code-both", "gemini-cli-http", "otel-js-json", "otel-python-http-gzip"])
def test_the_order_of_points_changes_nothing(name: str, tmp_path: Path) -> None:
    """Of metrics alone: split, merged, repeated, shuffled, with restarts in between."""
    held = only(name, Signal.METRICS)

    agree(at_once(tmp_path / "1", held), anyhow(tmp_path / "2", held, Random(name)))


def test_sessions_are_the_same_by_each_signal(tmp_path: Path) -> None:
    """Claude Code names them in all three."""
    query = f"select session_id, * from ({TOTALS.replace('select', 'select session_id,', 1)} group by 1) order by 1"
    told = []
    for signal in (Signal.LOGS, Signal.METRICS):
        with Derived(tmp_path / signal) as derived:
            derived.commit(*only("claude-code-both", signal))
            derived.derive()
            told.append(derived.rows(query))

    assert told[0] == told[1]
    assert 2 == len(told[0])


def test_deriving_points_again_comes_to_the_same(tmp_path: Path) -> None:
    """Also where rows were lost."""
    with Derived(tmp_path) as derived:
        derived.commit(*only("claude-code-both", Signal.METRICS))
        derived.derive()
        expected = derived.tables()
        derived.spoil()
        derived.side.transaction(lambda cursor: cursor.execute("update usage_series set settled = 1").fetchall())

        derived.deriver.rebuild()
        derived.derive()

        agree(expected, derived.tables())
        assert not derived.deriver.looks_back
