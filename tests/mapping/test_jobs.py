"""Jobs, each once, in what 40 runtimes sent."""

from collections import Counter, defaultdict
from functools import cache
from random import Random
from typing import Any

import pytest

from mapping.jobs import Job
from mapping.sessions import SYNTHETIC
from tests.mapping.test_calls import answered, numbers
from tests.mapping.test_sessions import UNNAMED
from tests.support.corpus import SOURCES, source
from tests.support.meaning import Story, facts, story

ABSENT = {
    "codex-cli-grpc": {6},  # sends nothing of a turn that fails
    "codex-cli-http-json": {6},
    "gemini-cli-http": {7},  # the same
    "opencode": {2, 3},  # ends before it has sent everything
}
"""Turns of which a recording holds no call and no prompt."""
APART = {
    "openai-genai-official",
    "openai-js-openinference",
    "openai-openllmetry",
    "openai-v2-legacy",
    "openlit",
}
"""Recordings of a model's client alone: each call is a trace of its own, and a job unless its tool calls join it."""
UNTOLD = {"openai-js-openinference": {5, 10}}
"""Turns of those that the client dropped: calls that fail have no span."""
ELSEWHERE = {"opencode": {5}}
"""Turns of which only the subagent's session is told."""
JOBLESS = {"qwen-code-http": 1}
"""How many calls are made outside of any turn: memories are kept after it."""
SLACK_NS = 3_000_000
"""The notes of a run have another clock than its telemetry."""

Turn = dict[str, Any]


@cache
def told(name: str) -> Story:
    """Find everything in a source."""
    return story(facts(name))


def turns(name: str) -> list[Turn]:
    """Give the turns that a recording tells of."""
    absent = ABSENT.get(name, set()) | UNTOLD.get(name, set())
    return [turn for turn in source(name).truth["turns"] if turn["n"] not in absent]


def matched(name: str) -> list[tuple[Turn, Job]]:
    """Give the turns with their jobs, in order."""
    return list(zip(turns(name), told(name).jobs.found, strict=True))


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in APART])
def test_each_turn_is_one_job_that_ends_as_it_did(name: str) -> None:
    """A job begins within its turn, and says whether that went well; nothing else is a job."""
    for turn, job in matched(name):
        assert turn["t_start"] - SLACK_NS <= job.started <= turn["t_end"]
        assert turn["ok"] == (job.outcome.status == "completed")
        assert job.ended is None or job.started <= job.ended <= job.last


@pytest.mark.parametrize("name", sorted(APART))
def test_calls_without_anything_around_them_are_jobs(name: str) -> None:
    """There is at least one for each turn that is told of, and none without a call; each is of one turn."""
    made = {key: call["turn"] for key, call in answered(name).items()}
    of_job: dict[str | None, set[int]] = defaultdict(set)
    for call in told(name).calls:
        if numbers(call) in made:
            of_job[told(name).jobs.of(call)].add(made[numbers(call)])

    assert all(len(found) == 1 for found in of_job.values())
    assert len(turns(name)) <= len(told(name).jobs.found) <= len(told(name).calls)


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in APART])
def test_jobs_belong_to_the_session_of_their_turn(name: str) -> None:
    """The session is the one that the recording names, or one of the trace's own."""
    for turn, job in matched(name):
        assert job.session_id is not None
        if name in UNNAMED:
            assert (job.session_id.startswith(SYNTHETIC), job.has_session) == (True, False)
        elif turn["n"] not in ELSEWHERE.get(name, ()):
            assert (turn["session"], True) == (job.session_id, job.has_session)


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in APART])
def test_calls_are_in_the_job_of_their_turn(name: str) -> None:
    """What a subagent calls is the turn's too, also when it names a session of its own."""
    ids = {turn["n"]: job.id for turn, job in matched(name)}
    made = {key: call["turn"] for key, call in answered(name).items()}
    for call in told(name).calls:
        job = told(name).jobs.of(call)
        if numbers(call) in made and job is not None:
            assert ids[made[numbers(call)]] == job


@pytest.mark.parametrize("name", SOURCES)
def test_every_call_is_in_one_job_or_in_none(name: str) -> None:
    """No job holds a call of which nothing is known; calls outside of jobs are known."""
    held = told(name)
    by_job = Counter([*map(held.jobs.of, held.calls), *map(held.jobs.of, held.tools)])

    assert JOBLESS.get(name, 0) == by_job.pop(None, 0)
    assert by_job.keys() <= held.jobs.by_id.keys()
    assert len(held.jobs.by_id) == len(held.jobs.found)


@pytest.mark.parametrize("name", SOURCES)
def test_the_order_in_which_records_come_changes_nothing(name: str) -> None:
    """Jobs are the same however their records are mixed, and when one half comes before the other."""
    held = list(facts(name))
    expected = told(name).jobs.found
    half = len(held) // 2
    Random(7).shuffle(held)

    mixed = story(held)
    assert expected == mixed.jobs.found
    assert told(name).agents.found == mixed.agents.found
    assert expected == story([*held[half:], *held[:half]]).jobs.found


@pytest.mark.parametrize("name", SOURCES)
def test_a_job_whose_root_has_come_keeps_its_name(name: str) -> None:
    """Half of the records, whichever, are enough to name a job; what is missing is not waited for."""
    held = list(facts(name))
    Random(7).shuffle(held)
    early = story(held[: len(held) // 2]).jobs
    roots = {job.root: job.id for job in told(name).jobs.found if job.root}

    assert {roots[job.root] for job in early.found if job.root in roots} == {
        job.id for job in early.found if job.root in roots
    }


def test_turns_of_programs_have_their_own_ids() -> None:
    """The id is the sender's where it has one, else the root's span."""
    ids = {name: told(name).jobs.found[0].id for name in ("codex-cli-grpc", "qwen-code-http", "copilot-cli", "genkit")}

    assert "01a1fba2-0c35-79a1-bf39-e6861af3374a" == ids["codex-cli-grpc"]
    assert "adce6da7-43fc-4e05-90b6-db422f67b9f5########0" == ids["qwen-code-http"]
    assert "3f62a3d2-c285-437f-ab43-eb5f8a090388:8946017363b0878c" == ids["copilot-cli"]
    assert "c365c76491ed8d03a1eee3e68662b76c:a2040d10d35dac5f" == ids["genkit"]


def test_prompts_end_the_job_before_them() -> None:
    """Gemini CLI has no span of a turn: one ends with its last record when the next one began, else is left open."""
    ends = [job.ended is None for job in told("gemini-cli-http").jobs.found]

    assert [False, False, True, False, True, True] == ends


def test_a_job_is_over_some_time_after_its_end_or_a_longer_one_after_its_last_record() -> None:
    """Both times come from outside, as what time it is now does."""
    whole, left = told("genkit").jobs.found[0], told("opencode").jobs.found[0]
    assert whole.ended is not None

    assert [False, True] == [whole.completed(whole.ended + after, grace=10, idle=1000) for after in (9, 10)]
    assert [False, True] == [left.completed(left.last + after, grace=10, idle=1000) for after in (999, 1000)]


def test_a_prompt_may_be_told_by_an_agents_run_alone() -> None:
    """Where no model call is recorded, what the run was asked is the turn's prompt, also of one that failed."""
    wanted = [turn["prompt"] for turn in source("haystack-openinference").truth["turns"]]

    assert wanted == [job.prompt for job in told("haystack-openinference").jobs.found]
