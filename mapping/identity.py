"""Read who a record is about, and where: the agent, the user, the workspace, how its session goes on (mapping.md A.1).

Most records say nothing of this, and the keys of a record decide which fields may; that is remembered by the keys.
"""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mapping.emitters import Origin
from mapping.fields import VOCABULARY, Reading, keys_of, whole
from mapping.hooks import agent_by
from mapping.record import Attributes, Record
from mapping.tree import Place
from mapping.work import KEYS, Work, work_of

MAIN: Final = re.compile(r".*########\d+")
"""How Gemini CLI and those who took it over write a prompt's id."""


@dataclass(slots=True, unsafe_hash=True)
class Signal:
    """Say that a session or an agent starts or ends; the time is Unix nanoseconds, the reason the sender's word."""

    kind: str
    time: int
    reason: str | None
    tools: int | None = None
    """How many tools an agent used, by its own count."""


@dataclass(slots=True, unsafe_hash=True)
class Identity:
    """Hold what a record says of its surroundings; None is not said."""

    turn_id: str | None = None
    """The sender's own id of the unit of work, when it is one of the main thread."""
    agent_id: str | None = None
    """The id of one run of an agent."""
    agent_name: str | None = None
    """The agent's own name, never the service's."""
    subagent_name: str | None = None
    """What a subagent's own records call it; the main thread's say nothing."""
    parent_agent_id: str | None = None
    user_id: str | None = None
    workspace_path: str | None = None
    project_key: str | None = None
    git_branch: str | None = None
    reasoning_effort: str | None = None
    previous_session_id: str | None = None
    parent_session_id: str | None = None
    """The session that this record's own one, a subagent's, works for."""
    process: str | None = None
    """Which process sent it."""
    causes: tuple[Place, ...] = ()
    """Spans of other traces that this one follows from."""
    signals: tuple[Signal, ...] = ()
    entry: bool = False
    remote: bool = False
    aside: bool = False
    """The program asks a model for itself, and not for its user: for a title, a summary, a suggestion."""
    work: Work = ()
    """What it was done for."""
    job_id: str | None = None
    """The id of the job that it says it is part of."""
    skill: str | None = None
    """The skill that it tells of a load of."""
    skill_tokens: int | None = None


NOBODY: Final = Identity()
Reader = Callable[[Reading], str | Work | None]


def identity_of(reading: Reading) -> Identity:
    """Read a record; the same empty one for all that say nothing."""
    record = reading.record
    told: dict[str, Any] = {name: value for name, read in _spoken(reading) if (value := read(reading)) is not None}
    if (source := told.pop("aside", None)) and ASIDES[reading.origin.emitter.id](source):
        told["aside"] = True
    if told.get("turn_id") and (split := TURNS.get(reading.origin.emitter.id)):
        told.update(split(told["turn_id"]))
    if "agent_name" not in told and (named := agent_by(reading)):
        told["agent_name"] = named
    if record.events and (skill := _skill_event(reading)):
        told["skill"] = skill
    if "skill" in told and (tokens := whole(record.attributes.get("result_tokens"))) is not None:
        told["skill_tokens"] = tokens
    if record.links and (causes := _causes(record)):
        told["causes"] = causes
    if signals := _signals(reading):
        told["signals"] = signals
    if record.entry or record.remote:
        told.update(entry=record.entry, remote=record.remote)
    return Identity(**told) if told else NOBODY


def _skill(reading: Reading) -> str | None:
    """Give the skill that a record tells of a load of: what a loaded one is used for afterwards is none."""
    record = reading.record
    if USED in record.attributes or (not record.is_span and record.name.endswith(DECISIONS)):
        return None
    return reading.text(SKILL) or None


def _skill_event(reading: Reading) -> str | None:
    told = reading.text(SKILL) if any(event.name == SKILL_EVENT for event in reading.record.events) else None
    return told or None


def _text(field: str) -> Callable[[Reading], str | None]:
    return lambda reading: reading.text(field) or None


def _run_id(field: str) -> Callable[[Reading], str | None]:
    """Take ids of runs only: most others name an agent that runs again and again."""
    return lambda reading: reading.text(field) or None if reading.origin.emitter.id in RUNS else None


def _agent_name(reading: Reading) -> str | None:
    name, resource = reading.text(FIELDS["agent_name"]), reading.record.resource
    return None if name in (resource.get("service.name"), resource.get("gen_ai.agent.name")) else name


def _subagent_name(reading: Reading) -> str | None:
    told = reading.text(FIELDS["subagent_name"])
    return None if told == "/root" else told or None


def _workspace(reading: Reading) -> str | None:
    told = reading.get(FIELDS["workspace_path"])
    first = told[0] if isinstance(told, list) and told else told
    return first if isinstance(first, str) and first else None


def _project(reading: Reading) -> str | None:
    """Give a repository's address without a password and without its ending."""
    told = reading.text(FIELDS["project_key"]) or ""
    return CREDENTIALS.sub(r"\1", told).removesuffix(".git") or None


def _query_source(reading: Reading) -> str | None:
    return reading.text(FIELDS["aside"]) if reading.origin.emitter.id in ASIDES else None


def _process(reading: Reading) -> str | None:
    told = reading.record.resource.get("service.instance.id")
    return told if isinstance(told, str) and told else None


def _causes(record: Record) -> tuple[Place, ...]:
    """Give what a message or an invoker started this span; other links say that one came after the other."""
    sent = any(key.startswith("messaging.") for key in record.attributes)
    return tuple(
        (link.trace_id, link.span_id)
        for link in record.links
        if sent or link.attributes.get("qwen-code.link.kind") == "invoker"
    )


def _signals(reading: Reading) -> tuple[Signal, ...]:
    record, emitter = reading.record, reading.origin.emitter.id
    known = SIGNALS.get(emitter, SIGNALS["*"])
    if record.name not in known and not record.events:
        return ()
    held = [(record.name, record.end, record.attributes)]
    held += [(event.name, event.time, event.attributes) for event in record.events]
    if not any(name in known for name, _, _ in held):
        return ()
    return tuple(_signal(reading, known[name], time, told) for name, time, told in held if name in known)


def _signal(reading: Reading, kind: str, time: int, told: Attributes) -> Signal:
    reason = next((told[key] for key in REASONS if isinstance(told.get(key), str)), None)
    failed = "error" if reading.record.is_span and reading.record.failed else None
    return Signal(kind, time, reason or failed, whole(told.get("total_tool_uses")))


def _spoken(reading: Reading) -> tuple[tuple[str, Reader], ...]:
    """Name the fields that a record with these keys may tell of, with what reads them."""
    is_span, resource = reading.record.is_span, tuple(reading.record.resource)
    return reading.origin.once(("identity", is_span, resource), lambda origin: _fields(origin, is_span, resource))


def _fields(origin: Origin, is_span: bool, resource: tuple[str, ...]) -> tuple[tuple[str, Reader], ...]:
    found = [
        name
        for name, field in FIELDS.items()
        if any(_stands(key, origin.keys, resource) for key in keys_of(field, origin.dialects, is_span))
    ]
    if "service.instance.id" in resource:
        found.append("process")
    if not (KEYS.isdisjoint(origin.keys) and KEYS.isdisjoint(resource)):
        found.append("work")
    if JOB in origin.keys:
        found.append("job_id")
    skill = (key for key in keys_of(SKILL, origin.dialects, is_span) if not key.startswith("@"))
    if any(_stands(key, origin.keys, resource) for key in skill):
        found.append("skill")
    return tuple((name, READ[name]) for name in found)


def _stands(key: str, keys: Collection[str], resource: Collection[str]) -> bool:
    if key.startswith("@resource:"):
        return key.removeprefix("@resource:") in resource
    return key.startswith("@") or key.partition("#/")[0] in keys


def _prompt_id(told: str) -> dict[str, str | None]:
    """Tell a prompt's id from that of an agent's run, which are written alike."""
    if MAIN.fullmatch(told):
        return {"turn_id": told}
    run, numbered, _ = told.rpartition("#")
    return {"turn_id": None, "agent_id": run.rpartition("#")[2]} if numbered else {"turn_id": None}


def _unique(told: str) -> dict[str, str | None]:
    """Leave out numbers: they begin again when a session is resumed."""
    return {"turn_id": None if told.isdigit() else told}


def _never(_: str) -> dict[str, str | None]:
    return {"turn_id": None}


FIELDS: Final = {
    **{
        name: f"identity.{name}"
        for name in (
            "turn_id",
            "agent_id",
            "agent_name",
            "subagent_name",
            "parent_agent_id",
            "user_id",
            "workspace_path",
            "project_key",
            "git_branch",
            "previous_session_id",
            "parent_session_id",
        )
    },
    "reasoning_effort": "llm.reasoning_effort",
    "aside": "llm.query_source",
}
"""What is read, and its entry in the vocabulary."""
JOB: Final = "agent.job.id"
SKILL: Final = "agent_skill_usage.skill_name"
SKILL_EVENT: Final = "github.copilot.skill.invoked"
USED: Final = "gen_ai.skill.resource.name"
DECISIONS: Final = ("tool_decision",)
"""Events of a tool call before it ran."""
READ: Final[dict[str, Reader]] = {
    **{name: _text(field) for name, field in FIELDS.items()},
    "agent_id": _run_id(FIELDS["agent_id"]),
    "parent_agent_id": _run_id(FIELDS["parent_agent_id"]),
    "agent_name": _agent_name,
    "subagent_name": _subagent_name,
    "workspace_path": _workspace,
    "project_key": _project,
    "process": _process,
    "aside": _query_source,
    "work": lambda reading: work_of(reading.record) or None,
    "skill": _skill,
    "job_id": lambda reading: told if isinstance(told := reading.record.attributes[JOB], str) and told else None,
}
RUNS: Final = frozenset(("claude_code", "qwen_code", "gemini_cli", "openai_agents_api", "tracking"))
"""Programs whose agent ids name a run."""
TURNS: Final[dict[str, Callable[[str], dict[str, str | None]]]] = {
    "claude_code": _unique,
    "gemini_cli": _prompt_id,
    "qwen_code": _prompt_id,
    "copilot_cli": _never,
    "copilot_chat": _never,
}
"""Programs whose turn ids may be something else: an agent's run, the session, one round of several."""
ASIDES: Final[dict[str, Callable[[str], bool]]] = {
    "claude_code": lambda told: not told.startswith(("repl_main_thread", "sdk", "agent:")),
    "gemini_cli": lambda told: told.startswith("utility"),
}
"""Programs that say what they ask a model for: everything else is the user's turn, or a subagent's."""
REASONS: Final = tuple(key.rpartition(":")[2] for source, key, *_ in VOCABULARY["exit.reason_raw"] if source != "otel")
"""Keys that say why something ended, of records and of span events."""
CREDENTIALS: Final = re.compile(r"^(\w+://)[^/@]*@")
HELD: Final[dict[str, dict[str, str]]] = json.loads((Path(__file__).parent / "signals.json").read_text())
SIGNALS: Final = {emitter: HELD["*"] | names for emitter, names in HELD.items()}
"""What events say, by emitter and name."""
