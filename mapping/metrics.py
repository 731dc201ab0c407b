"""Recognise the metrics that count tokens and money, and say what one of their series is about (mapping.md D.9).

`metrics.json` names them by family, the better ones first: a program may tell the same by several of them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mapping.emitters import origin_of
from mapping.fields import Reading
from mapping.hooks import session_of
from mapping.identity import identity_of
from mapping.providers import provider_of
from mapping.record import Above, Attributes, Record
from schema.signals import Signal

COST: Final = "cost"
SUMS: Final = frozenset(("invoke_agent", "invoke_workflow", "create_agent", "execute_tool", "agent_step"))
"""Operations whose numbers repeat those of the model calls in them."""

WINDOWS: Final = frozenset(("copilot_chat",))
"""Programs whose resource names the editor's window where others have a session."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Say what a metric counts: one part, or that which the attribute `by` names. A lower rank is a better one."""

    rank: int
    part: str | None
    by: str = ""
    parts: tuple[tuple[str, str], ...] = ()

    def part_of(self, attributes: Attributes) -> str | None:
        """Give the part that a series counts; None when it is none of ours, such as a total."""
        told = attributes.get(self.by) if self.by else None
        return dict(self.parts).get(told) if isinstance(told, str) else self.part


@dataclass(frozen=True, slots=True)
class Meter:
    """Say what a series counts, and for whom; None is not said.

    `part` is input, output, cache_read, cache_write, reasoning or cost. `is_sum` says that model calls are told of
    beside it, `workspace` to `git_branch` are of the session.
    """

    metric: str
    part: str
    is_sum: bool
    scope: str
    emitter: str
    session_id: str
    provider: str | None
    model: str | None
    agent_name: str | None
    by_resource: bool = False
    """Whether only the resource names the session: its records may name others, which are more exact."""
    workspace: str | None = None
    project_key: str | None = None
    user_id: str | None = None
    git_branch: str | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        """Say how good it is: model calls before sums of them, then as the table has it."""
        return self.is_sum, METRICS[self.metric].rank


def meter_of(name: str, attributes: Attributes, above: Above) -> Meter | None:
    """Read what a series of one of `METRICS` is about; None when it names no session or counts nothing of ours."""
    part = METRICS[name].part_of(attributes)
    if part is None:
        return None
    reading = _reading(name, attributes, above)
    session = session_of(reading)
    if not session or (reading.origin.emitter.id in WINDOWS and session == above.resource.get("session.id")):
        return None
    emitter, model, identity = reading.origin.emitter, _model(reading), identity_of(reading)
    return Meter(
        name,
        part,
        attributes.get("gen_ai.operation.name") in SUMS,
        above.scope,
        emitter.id,
        session,
        provider_of(reading.text("llm.provider"), model, emitter),
        model,
        identity.agent_name,
        session == above.resource.get("session.id") and session not in attributes.values(),
        identity.workspace_path,
        identity.project_key,
        identity.user_id,
        identity.git_branch,
    )


def _reading(name: str, attributes: Attributes, above: Above) -> Reading:
    """Read a point as if it were a log record of the metric's name: they have the same keys."""
    record = Record(
        Signal.METRICS,
        name,
        name,
        0,
        0,
        "",
        "",
        scope=above.scope,
        scope_version=above.scope_version,
        attributes=attributes,
        resource=above.resource,
    )
    return Reading(record, origin_of(record))


def _model(reading: Reading) -> str | None:
    """Give the model; the programs that have metrics of their own have it under a bare key."""
    told = reading.text("llm.model") or reading.record.attributes.get("model")
    return told if isinstance(told, str) and told else None


def _read(families: list[dict[str, Any]]) -> Iterator[tuple[str, Metric]]:
    for rank, family in enumerate(families):
        for name, told in family["metrics"].items():
            parts = tuple(told.get("parts", {}).items())
            yield name, Metric(rank, told.get("part"), told.get("by", ""), parts)


METRICS: Final[Mapping[str, Metric]] = dict(_read(json.loads((Path(__file__).parent / "metrics.json").read_text())))
