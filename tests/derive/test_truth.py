"""What the tables say of each recording is what really happened in its run."""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from derive.text import PREVIEW
from tests.mapping.test_calls import ABSENT, SUMS, answered
from tests.mapping.test_tools import outcome
from tests.runtimes.coverage import coverage
from tests.support.corpus import ALL, source
from tests.support.derived import Derived, batches
from tests.support.meaning import facts, tools

CALLS = "select input_tokens, output_tokens from model_calls where counted = 1 and usage_role = ?"
TOOLS = "select name, is_error, input_preview, output_preview from tool_calls"
JOBS = "select prompt, status, session_id from job_history order by started_at, id"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the database of a recording."""

    @cache
    def made(name: str) -> Derived:
        derived = Derived(tmp_path_factory.mktemp(name))
        derived.commit(*batches(source(name).requests))
        derived.derive()
        return derived

    return made


@pytest.mark.parametrize("name", ALL)
def test_model_calls_are_the_servers(name: str, kept: Any) -> None:
    """Each call that was answered is there once, with the server's own numbers."""
    found = Counter(row for row in kept(name).rows(CALLS, "leaf") if row != (None, None))
    truth = Counter(answered(name).keys())

    assert not found - truth
    assert ABSENT.get(name, 0) == sum((truth - found).values())
    assert SUMS.get(name, 0) == len(kept(name).rows(CALLS, "rollup"))


@pytest.mark.parametrize("name", ALL)
def test_tool_calls_are_those_that_were_found(name: str, kept: Any) -> None:
    """Each is there once, with at most 500 characters of what went in and came out."""
    rows = kept(name).rows(TOOLS)
    found = tools(facts(name))

    assert Counter((call or "unknown", not ok) for call, ok in map(outcome, found)) == Counter(
        (tool, bool(failed)) for tool, failed, _, _ in rows
    )
    assert Counter((call.fact.tool.input or "")[:PREVIEW] for call in found if call.fact.tool) == Counter(
        came or "" for _, _, came, _ in rows
    )
    assert all(len(text or "") <= PREVIEW for row in rows for text in row[2:])


@pytest.mark.parametrize("name", ALL)
def test_jobs_are_the_turns_with_their_prompts(name: str, kept: Any) -> None:
    """Where the recording holds every turn and every prompt, the jobs' are the turns', in order."""
    shares = coverage(name)
    if {shares["turns"].verdict, shares["prompts"].verdict} != {"exact"}:
        pytest.skip("the recording does not hold every prompt; see docs/runtimes.md")
    turns = [turn["prompt"] for turn in source(name).truth["turns"]]
    jobs = [prompt for prompt, _, _ in kept(name).rows(JOBS)]

    assert turns == [prompt for prompt in jobs if prompt in turns]
