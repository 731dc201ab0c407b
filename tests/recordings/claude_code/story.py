"""Tell the scenario: give every prompt, request and tool use its time, ids and numbers, once for all tellers.

Times are Unix nanoseconds. Numbers are made of a request's place in the story, so that no two requests share any.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

SCENARIO: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "scenario.json").read_text("utf-8"))
MS: Final = 1_000_000
BETWEEN_TURNS_MS: Final = 2_600
BETWEEN_PROCESSES_MS: Final = 60_000


def number_of(what: str, size: int) -> int:
    """Make an id of so many bytes from what it is for."""
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:size], "big")


def uuid_of(what: str) -> str:
    """Make a UUID from what it is for."""
    return str(UUID(int=number_of(what, 16), version=4))


@dataclass(frozen=True, slots=True)
class Usage:
    """Count one answer's tokens as Anthropic's API does: the cache is no part of the input."""

    input: int
    output: int
    cache_read: int
    cache_creation: int

    @property
    def micros(self) -> int:
        """Price the answer, in millionths of a dollar."""
        return 3 * self.input + 15 * self.output + (3 * self.cache_read + 37 * self.cache_creation) // 10

    @property
    def footprint(self) -> int:
        """Add everything up."""
        return self.input + self.output + self.cache_read + self.cache_creation


@dataclass(frozen=True, slots=True)
class Agent:
    """Name a subagent: its type, and its own id."""

    type: str
    id: str


@dataclass(slots=True)
class Use:
    """Hold one use of a tool; `steps` are a subagent's requests."""

    number: int
    told: dict[str, Any]
    agent: Agent | None
    began: int
    decided: int = 0
    ended: int = 0
    steps: list["Request"] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Give the id that the model gave it."""
        return f"toolu_01Build{self.number:011}"

    @property
    def name(self) -> str:
        """Name the tool."""
        return str(self.told["name"])

    @property
    def rejected(self) -> bool:
        """Say whether the user did not allow it."""
        return self.told.get("decision") == "reject"

    @property
    def ok(self) -> bool:
        """Say whether it ran and went well."""
        return not self.rejected and "error" not in self.told

    @property
    def input(self) -> str:
        """Write the arguments as JSON."""
        return json.dumps(self.told["input"])

    @property
    def child(self) -> Agent | None:
        """Name the subagent that it starts."""
        return Agent(**self.told["agent"]) if "agent" in self.told else None


@dataclass(slots=True)
class Request:
    """Hold one request to the model with all its attempts, and what followed from it."""

    number: int
    told: dict[str, Any]
    agent: Agent | None
    began: int
    ended: int = 0
    uses: list[Use] = field(default_factory=list)

    @property
    def statuses(self) -> list[int]:
        """Give the HTTP status of each attempt."""
        return list(self.told.get("statuses", [200]))

    @property
    def ok(self) -> bool:
        """Say whether the model answered."""
        return self.statuses[-1] == 200

    @property
    def id(self) -> str:
        """Give the id that the API gave it."""
        return f"req_011Build{self.number:012}"

    @property
    def client_ids(self) -> list[str]:
        """Give each attempt's own id."""
        return [uuid_of(f"attempt {self.number} {attempt}") for attempt in range(1, len(self.statuses) + 1)]

    @property
    def model(self) -> str:
        """Name the model."""
        return str(SCENARIO["models"]["small" if "title" in self.told else "main"])

    @property
    def source(self) -> str:
        """Name the part of the program that asked."""
        if self.agent:
            return f"agent:builtin:{self.agent.type}"
        alone = "generate_session_title" if "title" in self.told else "repl_main_thread"
        return "compact" if "compaction" in self.told else alone

    @property
    def text(self) -> str | None:
        """Give what the model said."""
        told: str | None = self.told.get("title") or self.told.get("text")
        return told

    @property
    def usage(self) -> Usage:
        """Count the tokens."""
        n = self.number
        return Usage(90 + 11 * n, 20 + 3 * n, 1000 + 16 * n if n > 1 else 0, 40 + 5 * n)

    @property
    def stop_reason(self) -> str:
        """Say why the answer ended."""
        return "tool_use" if self.uses else "end_turn"


@dataclass(slots=True)
class Turn:
    """Hold one prompt and the work for it; `sequence` counts within the process."""

    number: int
    sequence: int
    told: dict[str, Any]
    began: int
    ended: int = 0
    steps: list[Request] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Give the prompt's id."""
        return uuid_of(f"prompt {self.number}")

    @property
    def prompt(self) -> str:
        """Give what the user wrote."""
        return str(self.told["prompt"])


@dataclass(slots=True)
class Process:
    """Hold one run of the program."""

    number: int
    session: str
    label: str
    start: str
    began: int
    turns: list[Turn] = field(default_factory=list)


class Teller:
    """Move a clock through the scenario."""

    def __init__(self) -> None:
        """Begin."""
        self.now = int(SCENARIO["began"])
        self._requests = self._uses = self._turns = 0

    def processes(self) -> list[Process]:
        """Tell everything."""
        return [self._process(number, told) for number, told in enumerate(SCENARIO["processes"])]

    def _wait(self, milliseconds: int) -> int:
        self.now += milliseconds * MS
        return self.now

    def _process(self, number: int, told: dict[str, Any]) -> Process:
        session = SCENARIO["sessions"][told["session"]]
        process = Process(number, session, told["session"], told["start"], self._wait(BETWEEN_PROCESSES_MS))
        process.turns = [self._turn(sequence, turn) for sequence, turn in enumerate(told["turns"], 1)]
        return process

    def _turn(self, sequence: int, told: dict[str, Any]) -> Turn:
        self._turns += 1
        turn = Turn(self._turns, sequence, told, self._wait(BETWEEN_TURNS_MS))
        self._wait(20)
        turn.steps = [self._request(step, None) for step in told["steps"]]
        turn.ended = self._wait(5)
        return turn

    def _request(self, told: dict[str, Any], agent: Agent | None) -> Request:
        self._requests += 1
        request = Request(self._requests, told, agent, self._wait(3))
        request.ended = self._wait(len(request.statuses) * (400 + 7 * request.number))
        self._wait(2)
        request.uses = self._at_once(told.get("uses", []), agent)
        return request

    def _at_once(self, told: list[dict[str, Any]], agent: Agent | None) -> list[Use]:
        """Let tools work side by side: each begins a little later than the one before, the last to end ends it."""
        began, over = self.now, self.now
        uses = []
        for place, one in enumerate(told):
            self.now = began + place * MS
            uses.append(self._use(one, agent))
            over = max(over, self.now)
        self.now = over
        return uses

    def _use(self, told: dict[str, Any], agent: Agent | None) -> Use:
        self._uses += 1
        use = Use(self._uses, told, agent, self.now)
        use.decided = self._wait(1 if told.get("source", "config") == "config" else 800 + 10 * use.number)
        if not use.rejected:
            use.steps = [self._request(step, use.child) for step in told.get("steps", [])]
            self._wait(30 + 4 * use.number)
        use.ended = self.now
        self._wait(1)
        return use


def all_requests(steps: list[Request]) -> list[Request]:
    """Give requests, and those of the subagents below, in order of their begin."""
    return [one for step in steps for one in (step, *(all_requests([r for use in step.uses for r in use.steps])))]
