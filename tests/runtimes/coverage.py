"""Say for each recording which facts of the run the mapping finds: all, some, or none of them."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.runtimes.pairs import Found, model_of, read, tool_name

PROVIDERS = {"openai.chat": "openai", "openai.responses": "openai", "anthropic.messages": "anthropic"}
GOOGLE = {"gcp.gemini", "gcp.vertex_ai", "gcp.gen_ai"}
REASONS = {"end_turn": "stop", "completed": "stop", "tool_use": "tool_calls", "tool_call": "tool_calls"}
"""How APIs name the two reasons for which the recorded calls ended."""


@dataclass(frozen=True, slots=True)
class Share:
    """Hold how many of a recording's facts of one sort were found, equal to the truth."""

    found: int
    of: int

    @property
    def verdict(self) -> str:
        """Give exact, partial, absent, or none when the run had no such fact."""
        if not self.of:
            return "none"
        return "exact" if self.found == self.of else "partial" if self.found else "absent"


@cache
def coverage(name: str) -> dict[str, Share]:
    """Give the shares of a recording, by the fact's name, in the order of the page."""
    found = Found(name)
    return {fact: Share(sum(told), len(told)) for fact, read in FACTS.items() for told in [list(read(found))]}


def _sessions(found: Found) -> Iterator[bool]:
    for session in dict.fromkeys(turn["session"] for turn in found.truth["turns"]):
        yield session in found.session_ids


def _turns(found: Found) -> Iterator[bool]:
    for _, jobs in found.turns:
        yield len(jobs) == 1


def _prompts(found: Found) -> Iterator[bool]:
    for turn, jobs in found.turns:
        yield any(_same_text(turn["prompt"], job.prompt) for job in jobs)


def _answers(found: Found) -> Iterator[bool]:
    for turn, jobs in found.turns:
        if turn["ok"] and turn["result"]:
            yield any(_same_text(turn["result"], job.answer) for job in jobs)


def _failed_turns(found: Found) -> Iterator[bool]:
    for turn, jobs in found.turns:
        if not turn["ok"]:
            yield any(job.outcome.status == "failed" for job in jobs)


def _calls(found: Found) -> Iterator[bool]:
    for _, call in found.calls:
        yield call is not None


def _providers(found: Found) -> Iterator[bool]:
    for one, call in found.calls:
        told = model_of(call).provider if call else None
        yield told in GOOGLE if one["api"] == "gemini" else told == PROVIDERS[one["api"]]


def _models(found: Found) -> Iterator[bool]:
    for one, call in found.calls:
        yield call is not None and model_of(call).model in {one["model"], one["response_model"]}


def _tokens(part: str, truth: str) -> Callable[[Found], Iterator[bool]]:
    def shares(found: Found) -> Iterator[bool]:
        for one, call in found.calls:
            if one["tokens"][truth]:
                yield call is not None and getattr(model_of(call).tokens, part) == one["tokens"][truth]

    return shares


def _finish(found: Found) -> Iterator[bool]:
    for one, call in found.calls:
        told = set(((call and model_of(call).finish_reason) or "").replace("-", "_").split(","))
        wanted = {one["finish_reason"].lower(), "completed" if one["api"] == "openai.responses" else ""}
        yield bool({REASONS.get(word, word) for word in told - {""}} & {REASONS.get(word, word) for word in wanted})


def _costs(found: Found) -> Iterator[bool]:
    """Take a cost as it is sent, where the truth holds none."""
    for one, call in found.calls:
        told = model_of(call).cost_usd if call else None
        yield told is not None and told == one.get("cost_usd", told)


def _failed_calls(found: Found) -> Iterator[bool]:
    for _, call in found.failures:
        yield call is not None


def _tools(found: Found) -> Iterator[bool]:
    for _, call in found.used:
        yield call is not None


def _tool_names(found: Found) -> Iterator[bool]:
    names = {asked["name"] for call in found.truth["llm_calls"] for asked in call.get("tool_calls") or ()}
    for one, call in found.used:
        yield call is not None and tool_name(call) in names | {one["name"]}


def _call_ids(found: Found) -> Iterator[bool]:
    """Take the calls that the model gave an id; where the notes of the run hold no ids, every call."""
    given = any(one.get("call_id") for one, _ in found.used)
    for one, call in found.used if found.asked else ():
        if one.get("call_id") or not given:
            yield call is not None and call.fact.tool is not None and call.fact.tool.call_id in found.asked


def _arguments(found: Found) -> Iterator[bool]:
    for one, call in found.used:
        if call is None or call.fact.tool is None:
            yield False
        elif one["args"]:
            told = read(call.fact.tool.input)
            yield told == one["args"] or (told is not None and told == found.asked.get(call.fact.tool.call_id or ""))


def _results(found: Found) -> Iterator[bool]:
    for one, call in found.used:
        if one["ok"] and one.get("result"):
            yield _same_result(one["result"], call.fact.tool.output if call and call.fact.tool else None)


def _tool_errors(found: Found) -> Iterator[bool]:
    """Take a failure that is told, unless calls that went well are called failures too."""
    wrong = any(one["ok"] and call is not None and call.fact.failed for one, call in found.used)
    for one, call in found.used:
        if not one["ok"]:
            yield call is not None and call.fact.failed and not wrong


def _delegated(found: Found) -> Iterator[bool]:
    for _, run in found.delegated:
        yield run is not None


def _delegates(found: Found) -> Iterator[bool]:
    for one, run in found.delegated:
        yield run is not None and run.name == one["name"]


def _same_text(true: Any, told: str | None) -> bool:
    return told is not None and str(true).strip() == told.strip()


def _same_result(true: Any, told: str | None) -> bool:
    """Compare what a tool gave back: programs print it with words of their own around it."""
    other = (told or "").strip()
    return bool(other) and any(one in other or other in one for one in _printed(str(true).strip()))


def _printed(text: str) -> list[str]:
    """Give a result as it was printed, and the texts in it where that was a Python dictionary."""
    try:
        told = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return [text]
    return [text, *(str(value).strip() for value in told.values())] if isinstance(told, dict) else [text]


FACTS: dict[str, Callable[[Found], Iterator[bool]]] = {
    "sessions": _sessions,
    "turns": _turns,
    "prompts": _prompts,
    "answers": _answers,
    "model calls": _calls,
    "provider": _providers,
    "model": _models,
    "input tokens": _tokens("input", "input_total"),
    "output tokens": _tokens("output", "output_total"),
    "cache read": _tokens("cache_read", "cache_read"),
    "cache write": _tokens("cache_write", "cache_write"),
    "reasoning": _tokens("reasoning", "reasoning"),
    "finish reason": _finish,
    "cost": _costs,
    "tool calls": _tools,
    "tool names": _tool_names,
    "call ids": _call_ids,
    "arguments": _arguments,
    "results": _results,
    "tool errors": _tool_errors,
    "subagents": _delegated,
    "subagent names": _delegates,
    "failed requests": _failed_calls,
    "failed turns": _failed_turns,
}
"""What is compared, in the order of the page."""
