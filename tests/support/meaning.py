"""Read recorded requests as records, facts and calls, without a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from mapping.calls import Call, model_calls
from mapping.facts import BY_START, Fact, fact_of
from mapping.jobs import Jobs
from mapping.record import Above, Record, log_record, span_record
from mapping.sessions import with_sessions
from mapping.subagents import Agents
from mapping.tools import ToolCall, tool_calls
from mapping.tree import Tree
from schema.decode import decode
from schema.rows import RESOURCE_COLUMNS, SCOPE_COLUMNS, Batch, Row
from schema.signals import Signal
from tests.support.corpus import Recorded, source
from tests.support.otlp import RECEIVED_AT


@dataclass(frozen=True, slots=True)
class Story:
    """Hold all that is found in facts."""

    facts: list[Fact]
    calls: list[Call]
    tools: list[ToolCall]
    jobs: Jobs
    agents: Agents


def records(requests: tuple[Recorded, ...]) -> list[Record]:
    """Decode requests; metrics hold no records."""
    return [record for request in requests if request.signal is not Signal.METRICS for record in _records(request)]


@cache
def facts(name: str) -> tuple[Fact, ...]:
    """Read all records of a source."""
    return tuple(map(fact_of, records(source(name).requests)))


def calls(told: tuple[Fact, ...]) -> list[Call]:
    """Find the model calls in facts."""
    tree = tree_of(told)
    return model_calls(with_sessions(told, tree), tree)


def tools(told: tuple[Fact, ...]) -> list[ToolCall]:
    """Find the tool calls in facts."""
    tree = tree_of(told)
    return tool_calls(with_sessions(told, tree), tree)


def story(told: Sequence[Fact]) -> Story:
    """Find the calls in facts, their jobs and their agents."""
    ordered = sorted(told, key=BY_START)
    tree = tree_of(ordered)
    held = with_sessions(ordered, tree)
    models, used = model_calls(held, tree), tool_calls(held, tree)
    found = Jobs(held, models, used)
    return Story(held, models, used, found, Agents(held, models, used, found))


def tree_of(told: Sequence[Fact]) -> Tree:
    """Put the spans of facts in their places."""
    return Tree((fact.place, fact.parent, fact.kind) for fact in told if fact.is_span)


def _records(request: Recorded) -> list[Record]:
    encoding = "protobuf" if request.meta["file"].endswith(".pb") else "json"
    batch = decode(request.signal, encoding, request.body, transport="http", received_at=RECEIVED_AT)
    make = span_record if request.signal is Signal.TRACES else log_record
    return [make(row, _above(batch, row)) for row in batch.rows]


def _above(batch: Batch, row: Row) -> Above:
    resource = dict(zip(RESOURCE_COLUMNS, batch.resources[row[0]], strict=True))
    scope = dict(zip(SCOPE_COLUMNS, batch.scopes[row[1]], strict=True))
    return Above.read(resource["attributes"], scope["name"], scope["version"])
