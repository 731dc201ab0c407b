"""Write what records tell beside jobs, calls and sessions: lines of agents' logs, and skills that were loaded."""

from collections.abc import Collection, Iterable
from typing import Final

import orjson

from derive.calls import Places, Rows
from derive.found import Found
from derive.text import iso
from mapping.facts import Fact
from mapping.sayings import Saying
from mapping.skills import skills
from schema.derived import AGENT_LOG_ENTRIES, AGENT_SKILL_USAGE, Row, row

LOG: Final = "agent.log"
LEVEL: Final = "INFO"


def log_rows(facts: Iterable[Fact], places: Places) -> Rows:
    """Write lines of agents' logs."""
    return {
        (saying.key,): _line(saying, fact, places) for fact in facts for saying in fact.sayings if saying.event == LOG
    }


def skill_rows(found: Found, sessions: Collection[Row]) -> Rows:
    """Write the skills that were loaded in sessions that there are."""
    places = found.places
    rows: Rows = {}
    for skill in skills(found.facts, found.tools, lambda fact: places.jobs.get(fact.key)):
        session = places.session(skill.fact)
        if session is not None and (session,) in sessions:
            usage = skill.usage_id(session)
            rows[usage,] = row(
                AGENT_SKILL_USAGE,
                {
                    "usage_id": usage,
                    "session_id": session,
                    "skill_name": skill.name,
                    "loaded_at": iso(skill.at),
                    "context_added": skill.tokens,
                    "job_id": places.jobs.get(skill.fact.key),
                    "trace_id": skill.fact.trace_id or None,
                    "span_id": skill.fact.span_id or None,
                    "emitter": skill.fact.emitter,
                },
            )
    return rows


def _line(saying: Saying, fact: Fact, places: Places) -> Row:
    values = saying.values
    return row(
        AGENT_LOG_ENTRIES,
        {
            "key": saying.key,
            "agent_id": values.get("agent.id") or places.agents.get(fact.key),
            "session_id": places.session(fact),
            "timestamp": iso(saying.at),
            "level": saying.level or LEVEL,
            "event_type": values.get("agent.log.type"),
            "message": saying.body,
            "tokens": values.get("agent.log.tokens"),
            "cost": values.get("agent.log.cost_usd"),
            "job_id": places.jobs.get(fact.key),
            "trace_id": fact.trace_id or None,
            "span_id": fact.span_id or None,
            "data": orjson.dumps(dict(values)).decode(),
            "emitter": fact.emitter,
        },
    )
