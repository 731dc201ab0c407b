"""Pair what a run really did with what the mapping found in its recording."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from mapping.calls import Call, model_calls
from mapping.facts import BY_START, UNSAID, Model
from mapping.jobs import Job, Jobs
from mapping.session_ends import Session, sessions
from mapping.sessions import with_sessions
from mapping.subagents import MAIN, Agents, Run
from mapping.tools import ToolCall, tool_calls
from tests.support.corpus import source
from tests.support.meaning import facts, tree_of

True_ = dict[str, Any]
FoundT = TypeVar("FoundT")
Pair = tuple[True_, FoundT | None]
LATEST = 2**63
MILLI = 1_000_000
DRIFT = 5 * MILLI


@dataclass(frozen=True)
class Found:
    """Hold everything that the mapping finds in a recording."""

    name: str

    @cached_property
    def truth(self) -> True_:
        """Give what the run really did."""
        return source(self.name).truth

    @cached_property
    def _work(self) -> tuple[list[Call], list[ToolCall], Jobs, Agents, list[Session]]:
        told = sorted(facts(self.name), key=BY_START)
        tree = tree_of(told)
        every = with_sessions(told, tree)
        calls, tools = model_calls(every, tree), tool_calls(every, tree)
        jobs = Jobs(every, calls, tools)
        return calls, tools, jobs, Agents(every, calls, tools, jobs), sessions(every, calls, jobs, now=LATEST, idle=1)

    @property
    def leaves(self) -> list[Call]:
        """Give the model calls, without sums."""
        return [call for call in self._work[0] if call.role == "leaf"]

    @property
    def tools(self) -> list[ToolCall]:
        """Give the tool calls that ran."""
        return [call for call in self._work[1] if not call.refused]

    @property
    def jobs(self) -> list[Job]:
        """Give the jobs."""
        return self._work[2].found

    @property
    def runs(self) -> list[Run]:
        """Give the runs of subagents."""
        return [run for run in self._work[3].found if not run.agent_id.endswith(MAIN)]

    @property
    def session_ids(self) -> set[str]:
        """Give the ids of sessions that somebody named."""
        return {session.session_id for session in self._work[4] if not session.synthetic}

    @cached_property
    def turns(self) -> list[tuple[True_, list[Job]]]:
        """Pair each turn with the jobs that began in it."""
        jobs: dict[int, list[Job]] = defaultdict(list)
        for job in self.jobs:
            jobs[self.turn_at(job.started)].append(job)
        return [(turn, jobs[turn["n"]]) for turn in self.truth["turns"]]

    @cached_property
    def calls(self) -> list[Pair[Call]]:
        """Pair each answered model call with its own: by its numbers, by its id, by its time, by its turn."""
        answered = [call for call in self.truth["llm_calls"] if call["ok"] and not call.get("superseded")]
        free = [call for call in self.leaves if not call.fact.failed or model_of(call).tokens]

        def during(one: True_, call: Call) -> bool:
            return not model_of(call).tokens and bool(one["turn"] == self.turn_at(call.fact.start))

        return paired(answered, free, (_same_numbers, _same_response, _same_time, during))

    @cached_property
    def failures(self) -> list[Pair[Call]]:
        """Pair each request that the model server refused with the call that tells of it; several may share one."""
        refused = [call for call in self.truth["llm_calls"] if not call["ok"]]
        return [(one, next((call for call in self.leaves if _tells_failure(one, call)), None)) for one in refused]

    @cached_property
    def used(self) -> list[Pair[ToolCall]]:
        """Pair each tool call with its own: by its id, by its name in its turn, by its arguments in its turn."""

        def during(one: True_, call: ToolCall) -> bool:
            return bool(one["turn"] == self.turn_at(call.fact.start))

        def named(one: True_, call: ToolCall) -> bool:
            return during(one, call) and tool_name(call) == one["name"]

        def alike(one: True_, call: ToolCall) -> bool:
            return during(one, call) and _passed(one, call)

        def same(one: True_, call: ToolCall) -> bool:
            return named(one, call) and _passed(one, call)

        return paired(self.truth["tool_calls"], self.tools, (_same_call, same, named, alike))

    @cached_property
    def delegated(self) -> list[Pair[Run]]:
        """Pair each run of a subagent with its own: by its name in its turn, by its turn."""

        def during(one: True_, run: Run) -> bool:
            return bool(one["turn"] == self.turn_at(run.started))

        def same(one: True_, run: Run) -> bool:
            return during(one, run) and run.name == one["name"]

        return paired(self.truth["sub_agents"], self.runs, (same, during))

    def turn_at(self, moment: int) -> int:
        """Give the number of the turn that a moment (Unix nanoseconds) lies in; some clocks show milliseconds only."""
        began = [turn["n"] for turn in self.truth["turns"] if turn["t_start"] // MILLI <= moment // MILLI]
        return int(began[-1] if began else self.truth["turns"][0]["n"])

    @cached_property
    def asked(self) -> dict[str, Any]:
        """Give the arguments of the tool calls that the models asked for, by their ids."""
        every = (asked for call in self.truth["llm_calls"] for asked in call.get("tool_calls") or ())
        return {asked["id"]: asked["args"] for asked in every if asked["id"]}


def paired(
    true: Sequence[True_], found: Iterable[FoundT], rules: Iterable[Callable[[True_, FoundT], bool]]
) -> list[Pair[FoundT]]:
    """Pair one to one; what an earlier rule pairs is gone for a later one."""
    free, pairs = list(found), {}
    for rule in rules:
        for number, one in enumerate(true):
            if number in pairs:
                continue
            match = next((index for index, other in enumerate(free) if rule(one, other)), None)
            if match is not None:
                pairs[number] = free.pop(match)
    return [(one, pairs.get(number)) for number, one in enumerate(true)]


def model_of(call: Call) -> Model:
    """Give what a call says of its model."""
    return call.fact.model or UNSAID


def tool_name(call: ToolCall) -> str | None:
    """Give a tool call's name."""
    return call.fact.tool.name if call.fact.tool else None


def _same_numbers(one: True_, call: Call) -> bool:
    tokens = model_of(call).tokens
    return (tokens.input, tokens.output) == (one["tokens"]["input_total"], one["tokens"]["output_total"])


def _same_response(one: True_, call: Call) -> bool:
    return one["response_id"] is not None and one["response_id"] in model_of(call).ids


def _same_time(one: True_, call: Call) -> bool:
    return not model_of(call).tokens and _lasts_over(call, one["t_start"])


def _lasts_over(call: Call, moment: int) -> bool:
    """Say whether a moment lies within a call; clocks of JavaScript are some milliseconds off."""
    return call.fact.start - DRIFT <= moment <= call.fact.end + DRIFT


def _tells_failure(one: True_, call: Call) -> bool:
    """Say whether a call that failed, or one that was tried again, covers a refused request."""
    retried = (model_of(call).attempts or 1) > 1
    return (call.fact.failed or retried) and _lasts_over(call, one["t_start"])


def _same_call(one: True_, call: ToolCall) -> bool:
    return bool(one.get("call_id")) and call.fact.tool is not None and call.fact.tool.call_id == one["call_id"]


def _passed(one: True_, call: ToolCall) -> bool:
    """Say whether a call's arguments hold a value that was passed."""
    told = call.fact.tool.input if call.fact.tool else None
    passed = read(told)
    ours = [str(value) for value in (passed.values() if isinstance(passed, dict) else [told or ""])]
    theirs = [str(value) for value in (one["args"] or {}).values()]
    return any(value and other and (value in other or other in value) for value in ours for other in theirs)


def read(text: str | None) -> Any:
    """Read JSON text; None when it is none."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
