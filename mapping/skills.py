"""Find the skills that agents loaded: an event says so, else the call of the tool that loads them (mapping.md A.17)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Final

from mapping.facts import Fact
from mapping.tools import ToolCall

SKILL_LOAD: Final = "skill.load"


@dataclass(frozen=True, slots=True)
class Skill:
    """Hold one load of a skill; `at` is Unix nanoseconds, `tokens` what it added to the context, if that is told."""

    fact: Fact
    name: str
    at: int
    tokens: int | None

    def usage_id(self, session: str) -> str:
        """Name it for ever."""
        told = f"{session}\0{self.name}\0{self.at}\0{self.fact.key}"
        return sha1(told.encode(), usedforsecurity=False).hexdigest()


def skills(facts: Iterable[Fact], tools: Sequence[ToolCall], job_of: Callable[[Fact], str | None]) -> list[Skill]:
    """Give the loads of a group, each once: what an event tells of a job's load of a skill, a tool call tells too."""
    told = [fact for fact in facts if fact.identity.skill and not any(one.event == SKILL_LOAD for one in fact.sayings)]
    if not told:
        return []
    by_key = {fact.key: fact for fact in told}
    calls = [_called(call, by_key) for call in tools]
    merged = {key for call in tools for key in call.sources}
    said = [_load(fact) for fact in told if fact.kind != "tool" and fact.key not in merged]
    return _once([*said, *(call for call in calls if call is not None)], job_of)


def _called(call: ToolCall, told: dict[str, Fact]) -> Skill | None:
    """Give the load that a tool call is; one that failed or never ran is none."""
    known = next((told[key] for key in (call.fact.key, *call.sources) if key in told), None)
    if known is None or call.fact.failed or call.refused:
        return None
    tokens = [told[key].identity.skill_tokens for key in (call.fact.key, *call.sources) if key in told]
    return Skill(call.fact, known.identity.skill or "", call.fact.start, next(filter(None, tokens), None))


def _load(fact: Fact) -> Skill:
    return Skill(fact, fact.identity.skill or "", fact.start, fact.identity.skill_tokens)


def _once(found: Iterable[Skill], job_of: Callable[[Fact], str | None]) -> list[Skill]:
    """Leave out calls where events tell of the same: of each skill in a job the more of both."""
    held: dict[tuple[str | None, str | None, str], dict[bool, list[Skill]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        held[one.fact.session_id, job_of(one.fact), one.name][one.fact.kind == "tool"].append(one)
    kept = (
        max(kinds.values(), key=lambda loads: (len(loads), loads[0].fact.kind == "tool")) for kinds in held.values()
    )
    return sorted((one for loads in kept for one in loads), key=lambda one: (one.at, one.fact.key))
