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


def check(ask: Ask) -> None:
    """Assert that every table tells the same."""
    for name, (one, other) in PAIRS.items():
        assert _told(ask(one)) == _told(ask(other)), name
    days, history = ask(DAYS)[0], ask(HISTORY)[0]
    jobs_were_forgotten = bool(ask("select 1 as one from retention_state where key = 'days_closed'"))
    assert days == history or not history["jobs"] or jobs_were_forgotten
    sessions = ask("select sum(total_tokens) as tokens from agent_trace_sessions")[0]["tokens"]
    assert sessions == ask(TOKENS)[0]["tokens"]


def _told(rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Give rows by id; one that knows nothing is none."""
    return {row["id"]: row for row in rows if any(value is not None for key, value in row.items() if key != "id")}
