"""Check that sums agree between tables: tokens, money and tool calls are counted once (contract, fact 2)."""

from collections.abc import Callable
from typing import Any

Ask = Callable[[str], list[dict[str, Any]]]
PARTS = ("input_tokens", "output_tokens", "cost_nanos")
SUMS = ", ".join(f"sum({part}) as {part}" for part in PARTS)
COUNTED = f"select {{}} as id, {SUMS} from model_calls where counted = 1 and {{}} is not null group by 1"
TOLD_TOOLS = """
select id, nullif(tool_call_count, 0) as calls, nullif(failed_tool_calls, 0) as failed
from job_history
where source = 'otlp'
"""
COUNTED_TOOLS = """
select job_id as id, count(*) as calls, nullif(sum(is_error), 0) as failed
from tool_calls
where status is not 'refused' and job_id in (select id from job_history where source = 'otlp')
group by 1
"""
PAIRS = {
    "jobs": (
        f"select id, {', '.join(PARTS)} from job_history where source = 'otlp'",
        COUNTED.format("job_id", "job_id in (select id from job_history where source = 'otlp') and job_id"),
    ),
    "agents": (
        f"select agent_id as id, {', '.join(PARTS)} from agents",
        COUNTED.format("agent_id", "emitter is not 'api' and agent_id"),
    ),
    "entries": (
        f"select session_id as id, {SUMS} from agent_traces where counted = 1 group by 1",
        COUNTED.format("session_id", "session_id"),
    ),
    "tools": (
        TOLD_TOOLS,
        COUNTED_TOOLS,
    ),
}
DAYS = (
    "select sum(jobs_started) as jobs, sum(jobs_completed) as completed, sum(jobs_failed) as failed,"
    " sum(total_input_tokens) as input, sum(total_output_tokens) as output from daily_metrics"
)
HISTORY = (
    "select count(*) as jobs, sum(status = 'completed') as completed, sum(status = 'failed') as failed,"
    " ifnull(sum(input_tokens), 0) as input, ifnull(sum(output_tokens), 0) as output from job_history"
)


TOKENS = """
select sum(ifnull(input_tokens, 0) + ifnull(output_tokens, 0)) as tokens
from model_calls
where session_id is not null
and (input_tokens is not null or output_tokens is not null)
"""


KEPT_USAGE = """
select
  sum(calls), sum(errors), sum(measured), sum(priced), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
  sum(cache_write_tokens), sum(reasoning_tokens), sum(cost_nanos), min(calls) > 0
from usage_days
group by day, session_id, model
order by day, session_id, model
"""
USAGE = """
select
  count(*), sum(status = 'error'), count(ifnull(input_tokens, output_tokens)), count(cost_nanos),
  ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), ifnull(sum(cache_read_tokens), 0),
  ifnull(sum(cache_write_tokens), 0), ifnull(sum(reasoning_tokens), 0), ifnull(sum(cost_nanos), 0), 1
from model_calls
where counted = 1
group by substr(started_at, 1, 10), ifnull(session_id, ''), ifnull(model, '')
order by substr(started_at, 1, 10), ifnull(session_id, ''), ifnull(model, '')
"""
KEPT_TOOLS = """
select sum(calls), name, sum(failures), min(calls) > 0, round(sum(total_ms), 3)
from tool_days
group by name, agent_name
order by name, agent_name
"""
TOOLS = """
select count(*), name, sum(is_error), 1, round(ifnull(sum(duration_ms), 0), 3)
from tool_calls
group by name, ifnull(agent_name, '')
order by name, ifnull(agent_name, '')
"""
KEPT_REFUSED = "select kept, bytes from rejection_tally"
REFUSED = """
select count(*) as kept, ifnull(sum(octet_length(message) + ifnull(octet_length(payload), 0)), 0) as bytes
from ingest_rejections
"""
KEPT_UP = {
    "usage_days": (KEPT_USAGE, USAGE),
    "tool_days": (KEPT_TOOLS, TOOLS),
    "rejection_tally": (KEPT_REFUSED, REFUSED),
}
"""What triggers keep added up, and the same added up anew."""
OVERLOOKED = {
    "usage_days": """
select m.call_id
from model_calls as m
join usage_days as d on d.day = substr(m.started_at, 1, 10) and d.session_id = ifnull(m.session_id, '')
and d.agent_name = ifnull(m.agent_name, '') and d.provider = ifnull(m.provider, '') and d.model = ifnull(m.model, '')
and d.cost_source = ifnull(m.cost_source, '')
where m.counted = 1 and m.cost_nanos < d.least_nanos
""",
    "entry_hours": """
select t.trace_id
from agent_traces as t
where not exists (
  select 1
  from entry_hours as h
  where h.kind = iif(t.emitter is 'api', '', ifnull(t.kind, '')) and h.status = ifnull(t.status, '')
  and h.hour = substr(t.timestamp, 1, 13)
  and (t.duration_ms is null or t.duration_ms between h.shortest and h.longest)
)
""",
}
"""What lists would leave out that look only where there can be something."""


def check(ask: Ask) -> None:
    """Assert that every table tells the same."""
    for name, (kept, anew) in KEPT_UP.items():
        told, found = ([[*row.values()] for row in ask(query)] for query in (kept, anew))
        assert told == found or (_were_forgotten(ask) and _at_least(told, found)), name
    for name, query in OVERLOOKED.items():
        assert [] == ask(query), name
    for name, (one, other) in PAIRS.items():
        assert _told(ask(one)) == _told(ask(other)), name
    days, history = ask(DAYS)[0], ask(HISTORY)[0]
    jobs_were_forgotten = bool(ask("select 1 as one from retention_state where key = 'days_closed'"))
    assert days == history or not history["jobs"] or jobs_were_forgotten
    sessions = ask("select sum(total_tokens) as tokens from agent_trace_sessions")[0]["tokens"]
    assert sessions == ask(TOKENS)[0]["tokens"]


def _were_forgotten(ask: Ask) -> bool:
    """Say whether rows went whose sums the days keep."""
    return bool(ask("select 1 as one from sweeps where what in ('sessions', 'loose_model_calls', 'loose_tool_calls')"))


def _at_least(kept: list[list[Any]], anew: list[list[Any]]) -> bool:
    """Say whether the days count all calls that are there, and some that were."""
    return bool(sum(row[0] for row in kept) >= sum(row[0] for row in anew))


def _told(rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Give rows by id; one that knows nothing is none."""
    return {row["id"]: row for row in rows if any(value is not None for key, value in row.items() if key != "id")}
