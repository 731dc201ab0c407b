"""What events of the tracking vocabulary tell of sessions, jobs, agents, files, models and skills is in the tables."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from schema.rows import Batch
from schema.signals import Signal
from tests.derive.test_once import agree, anyhow, at_once
from tests.support.build import NOW, attributes, log, logs, span, traces
from tests.support.commands import SECOND, evented, spanned, told
from tests.support.derived import Derived
from tests.support.otlp import read

SESSION = {"agent.session.id": "s-1"}
JOB = {**SESSION, "agent.job.id": "j-1"}
TRACE = bytes(15) + b"\x05"
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "s-1"}
CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 10}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "bash"}


def heard(*records: Any) -> Batch:
    """Take log records in."""
    return read(Signal.LOGS, logs(*records))


def seen(*spans: Any, service: str = "tests") -> Batch:
    """Take spans in."""
    return read(Signal.TRACES, traces(*spans, service=service))


def derived(folder: Path, *held: Batch, sql: str) -> list[dict[str, Any]]:
    """Derive from requests, twice, and ask."""
    with Derived(folder) as database:
        database.commit(*held)
        database.derive()
        before = database.tables()
        database.deriver.rebuild()
        database.derive()

        assert before == database.tables()
        return database.asked(sql)


def inside(number: int, above: int, values: Mapping[str, Any], at: int) -> Any:
    """Make a span of the one trace, one second long."""
    return span(
        trace_id=TRACE,
        span_id=number.to_bytes(8, "big"),
        parent_span_id=above.to_bytes(8, "big") if above else b"",
        name="step",
        start_time_unix_nano=NOW + at * SECOND,
        end_time_unix_nano=NOW + (at + 1) * SECOND,
        attributes=attributes(dict(values)),
    )


def test_a_session_from_beginning_to_end(tmp_path: Path) -> None:
    """Its start, the last word of each update, and its end; lists are merged."""
    start = {
        **SESSION,
        "agent.name": "coder",
        "workspace.path": "/w",
        "agent.model.tier": "opus",
        "project.key": "shop",
    }
    update = {**SESSION, "issue.ids": '["i-1","i-2"]', "skill.names": '["git"]', "agent.context.tokens": 10}
    later = {**SESSION, "issue.ids": "i-2", "agent.context.tokens": 900, "agent.session.phase": "build"}
    end = {**SESSION, "agent.session.exit_reason": "context_limit"}
    (row,) = derived(
        tmp_path,
        heard(
            told("agent.session.end", end, at=9),
            told("agent.session.update", later, at=5),
            told("agent.session.start", start),
            told("agent.session.update", update, at=3),
        ),
        sql="select * from agent_sessions",
    )

    assert ("coder", "/w", "opus", 900, "build", "context_limit", "shop") == tuple(
        row[name]
        for name in (
            "agent_name",
            "workspace_path",
            "model_tier",
            "context_tokens",
            "phase",
            "exit_reason",
            "project_key",
        )
    )
    assert (["i-1", "i-2"], ["git"]) == (
        sorted(orjson.loads(row["issues_claimed"])),
        orjson.loads(row["skills_used"]),
    )


def test_the_end_of_a_session_that_nobody_knows_makes_none(tmp_path: Path) -> None:
    """Nor does an end for a reason that there is not end one."""
    end = told("agent.session.end", {"agent.session.id": "nobody"})
    wrong = told("agent.session.end", {**SESSION, "agent.session.exit_reason": "bored"}, at=3)
    found = derived(
        tmp_path,
        heard(end, told("agent.session.start", SESSION), wrong),
        sql="select session_id, closed_by, exit_reason from agent_sessions",
    )

    assert [{"session_id": "s-1", "closed_by": "idle", "exit_reason": "completed"}] == found


def test_a_job_by_its_start_and_end(tmp_path: Path) -> None:
    """An agent's run in between is part of it; what is told of it wins over what is added up."""
    start = {**JOB, "agent.job.prompt": "Mend it.", "workspace.path": "/w", "agent.job.reuse_count": 2}
    end = {
        **JOB,
        "agent.job.status": "failed",
        "agent.job.summary": "Gave up.",
        "agent.job.message_count": 7,
        "agent.job.cost_usd": 1.5,
        "agent.job.files_modified": '["b.py"]',
    }
    modified = told("file.modified", {**SESSION, "file.path": "a.py", "tool.name": "Edit"}, at=4)
    (row,) = derived(
        tmp_path,
        heard(told("agent.job.start", start), modified, told("agent.job.end", end, at=9)),
        seen(inside(1, 0, AGENT, 2), inside(2, 1, CALL, 2)),
        sql="select * from job_history",
    )

    assert ("j-1", "failed", "Mend it.", "Gave up.", "/w", 2, 7, 1.5, 10, "s-1", 9000) == tuple(
        row[name]
        for name in (
            "id",
            "status",
            "prompt",
            "summary",
            "cwd",
            "reuse_count",
            "message_count",
            "estimated_cost",
            "input_tokens",
            "session_id",
            "elapsed_ms",
        )
    )
    assert '["a.py","b.py"]' == row["files_modified_json"]


def test_a_job_that_is_a_span(tmp_path: Path) -> None:
    """`agent.job` is start and end in one; what is below it belongs to it."""
    job = inside(1, 0, {**JOB, "agent.job.prompt": "Go.", "agent.job.summary": "Done."}, 1)
    job.name = "agent.job"
    (row,) = derived(
        tmp_path, seen(job, inside(2, 1, AGENT, 1), inside(3, 2, CALL, 1)), sql="select * from job_history"
    )

    assert ("j-1", "completed", "Go.", "Done.", 10) == tuple(
        row[name] for name in ("id", "status", "prompt", "summary", "input_tokens")
    )


def test_runs_that_name_one_job_are_one(tmp_path: Path) -> None:
    """Spans that carry the id of a job belong to it, whatever else they are below."""
    found = derived(
        tmp_path,
        seen(
            inside(1, 0, {**AGENT, "agent.job.id": "j-2"}, 1),
            inside(2, 1, CALL, 1),
            inside(3, 0, {**AGENT, "agent.job.id": "j-2"}, 5),
            inside(4, 3, CALL, 5),
        ),
        sql="select id, input_tokens from job_history",
    )

    assert [{"id": "j-2", "input_tokens": 20}] == found


def test_agents_and_their_logs(tmp_path: Path) -> None:
    """A run that is told of has a row; a line of its log has its level and its text."""
    agent = {**SESSION, "agent.id": "a-1", "agent.name": "scout", "agent.status": "failed", "model.name": "gpt-4o"}
    line = told("agent.log", {**SESSION, "agent.id": "a-1", "agent.log.type": "note"}, at=1, severity_text="WARN")
    batch = heard(told("agent.upsert", agent), line)
    sql = "select a.name, a.status, a.model, l.level, l.event_type, l.message from agents as a"
    found = derived(
        tmp_path, batch, sql=f"{sql} join agent_logs as l on l.agent_id = a.agent_id where a.agent_id = 'a-1'"
    )

    assert [("scout", "failed", "gpt-4o", "WARN", "note")] == [tuple(row.values())[:5] for row in found]
    assert found[0]["message"].startswith("record ")


def test_models_that_are_told_of(tmp_path: Path) -> None:
    """What an event says of the choice stands, and nothing is made up beside it."""
    found = derived(
        tmp_path,
        heard(
            told("model.selected", {**SESSION, "model.name": "a", "model.provider": "openai"}, at=1),
            told("model.switched", {**SESSION, "model.name": "b", "model.previous_name": "a"}, at=2),
        ),
        seen(inside(1, 0, AGENT, 0), inside(2, 1, CALL, 1)),
        sql="select type, model_used, provider_used from agent_traces"
        " where type in ('model_selected', 'model_switched') order by timestamp",
    )

    assert [("model_selected", "a", "openai"), ("model_switched", "b", None)] == [tuple(row.values()) for row in found]


def test_skills_that_runtimes_tell_of(tmp_path: Path) -> None:
    """The call of the tool and the event of the same load are one; one that is only used is none."""
    claude = {"session.id": "s-9", "prompt.id": "b3a1c6de-6f1e-4d0a-9a3c-0f5b1a2c3d4e"}
    result = {"tool_name": "Skill", "tool_parameters": '{"skill_name":"pdf"}', "success": "true"}
    records = [
        log(event_name="claude_code.user_prompt", attributes=attributes(claude)),
        log(event_name="claude_code.skill_activated", attributes=attributes({**claude, "skill.name": "pdf"})),
        log(event_name="claude_code.tool_result", attributes=attributes({**claude, **result})),
    ]
    used = {**TOOL, "gen_ai.skill.name": "sql", "gen_ai.skill.resource.name": "x"}
    loaded = {**TOOL, "gen_ai.skill.name": "sql"}
    found = derived(
        tmp_path,
        read(Signal.LOGS, logs(*records, service="claude-code")),
        seen(inside(1, 0, AGENT, 0), inside(2, 1, loaded, 1), inside(3, 1, used, 2), service="adk"),
        sql="select u.session_id, u.skill_name, s.skills_used from agent_skill_usage as u join agent_sessions as s"
        " on s.session_id = u.session_id order by 1",
    )

    assert [("s-1", "sql", '["sql"]'), ("s-9", "pdf", '["pdf"]')] == [tuple(row.values()) for row in found]


def test_span_events_and_spans_say_the_same(tmp_path: Path) -> None:
    """A session may be told of by programs that only have a tracing SDK."""
    found = derived(
        tmp_path,
        seen(
            spanned("agent.session.start", {**SESSION, "agent.name": "x"}),
            evented("agent.session.end", {**SESSION, "agent.session.exit_reason": "timeout"}, at=3),
        ),
        sql="select session_id, agent_name, exit_reason from agent_sessions",
    )

    assert [("s-1", "x", "timeout")] == [tuple(row.values()) for row in found]


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_events_changes_nothing(seed: int, tmp_path: Path) -> None:
    """Split, repeated, shuffled, with restarts in between, together with what they are about."""
    held = [
        heard(
            told("agent.session.start", {**SESSION, "agent.name": "coder"}),
            told("agent.session.update", {**SESSION, "agent.session.phase": "plan"}, at=1),
            told("agent.job.start", {**JOB, "agent.job.prompt": "Mend it."}, at=1),
            told("agent.upsert", {**SESSION, "agent.id": "a-1", "agent.status": "failed"}, at=2),
            told("file.modified", {**SESSION, "file.path": "a.py"}, at=3),
            told("model.selected", {**SESSION, "model.name": "gpt-4o"}, at=3),
            told("agent.log", {**SESSION, "agent.log.type": "note"}, at=4),
            told("plan.status", {"plan.key": "p", "plan.status": "done"}, at=4),
            told("agent.job.end", {**JOB, "agent.job.status": "completed", "plan.key": "p"}, at=9),
            told("agent.session.end", SESSION, at=10),
        ),
        seen(inside(1, 0, {**AGENT, "issue.id": "i-1"}, 2), inside(2, 1, CALL, 2), inside(3, 1, TOOL, 4)),
    ]

    agree(at_once(tmp_path / "1", held), anyhow(tmp_path / "2", held, Random(seed)))
