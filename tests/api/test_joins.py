"""Each question that joins agents' doings with their work is one command, one endpoint and one documented statement."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import apsw
import orjson
import pytest
from click.testing import CliRunner, Result

from api.joins import JOINS
from spanledger.cli import commands
from spanledger.cli import run as main
from store.reports import JOINS as STATEMENTS
from tests.support.api import ask
from tests.support.build import attributes, span, traces
from tests.support.clients import post
from tests.support.service import Running, running
from tests.support.wait import until

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
WORK = """
insert into feature_plans (key, title, status, created_at) values ('p-1', 'Cache', 'in_progress', '2026-11-20');
insert into debug_sessions (key, title, status, started_at, agent_session_id)
values ('d-1', 'Leak', 'in_progress', '2026-11-20', 's-2');
insert into experiments (key, title, status, created_at) values ('e-1', 'Rates', 'in_progress', '2026-11-20');
insert into experiment_runs (experiment_id, run_no, params_json, outcome, created_at)
values (1, 2, '{}', 'fail', '2026-11-20');
insert into sessions (
  session_id, project_key, title, phase, status, checkpoint_count, checkpoints_completed, agent_count, path, documents,
  data, read_at, digest
)
values
  ('w-1', 'shop', 'Build it', 'build', 'active', 4, 2, 1, '/w/1', '[]', '{}', '2026', ''),
  ('w-2', 'shop', 'Plan it', 'plan', 'active', 3, 0, 0, '/w/2', '[]', '{}', '2026', '');
insert into work_links (kind, key, level, id)
values ('session', 'w-1', 'session', 'w-1'), ('session', 'w-1', 'session', 's-1'), ('session', 'w-2', 'session', 's-2');
insert into session_agents (session_id, ordinal, agent_id, name, status) values ('w-1', 0, 'a-9', 'builder', 'failed');
insert into agent_issue_work (work_id, issue_id, session_id, agent_name, started_at, ended_at, completed)
values ('k-1', 'i-1', 's-1', 'worker', '2026-11-20T10:00:00Z', '2026-11-20T10:10:00Z', 1);
insert into agent_skill_usage (usage_id, session_id, skill_name, loaded_at, context_added)
values ('u-1', 's-1', 'git', '2026-11-20T10:00:00Z', 400), ('u-2', 's-1', 'git', '2026-11-20T10:05:00Z', 600);
"""
"""Work that is told of by others."""
ASKED: dict[str, tuple[list[str], dict[str, str]]] = {
    "sessions-in-phase": (["build"], {}),
    "sessions-with-checkpoints": (["3"], {}),
    "failed-agents-in-phase": (["build"], {}),
    "project-costs": ([], {"project": "shop"}),
    "plan-cost": (["p-1"], {}),
    "run-cost": (["e-1", "2"], {}),
    "debug-cost": (["d-1"], {}),
    "failed-tools-in-run": (["e-1", "2"], {}),
    "agent-stats": (["worker"], {"since": "2020-01-01T00:00:00Z"}),
    "issue-stats": (["i-1"], {}),
    "skill-stats": (["git"], {"since": "2020-01-01T00:00:00Z"}),
    "overall-stats": ([], {"since": "2020-01-01T00:00:00Z"}),
    "session-durations": ([], {"agent": "worker", "since": "2020-01-01T00:00:00Z"}),
}
"""What is asked for each: values that must be given, and others."""


def agent(session: str, number: int, **work: Any) -> list[Any]:
    """Make an agent's run with a model call, and a tool call that failed."""
    trace, top = number.to_bytes(16, "big"), (1).to_bytes(8, "big")
    who = {"gen_ai.agent.name": "worker", "gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": session}
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.provider.name": "openai",
        "gen_ai.usage.input_tokens": 100_000,
        "gen_ai.usage.output_tokens": 10_000,
        **work,
    }
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "bash", "error.type": "Broken", **work}
    below = {"trace_id": trace, "parent_span_id": top}
    return [
        span(trace_id=trace, span_id=top, name="run", attributes=attributes(who)),
        span(**below, span_id=(2).to_bytes(8, "big"), name="chat", attributes=attributes(call)),
        span(**below, span_id=(3).to_bytes(8, "big"), name="tool", attributes=attributes(tool)),
    ]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that was told of agents, and of the work that they were for."""
    with running(tmp_path_factory.mktemp("db") / "joins.db") as service:
        held = traces(
            *agent("s-1", 1, **{"plan.key": "p-1", "experiment.key": "e-1", "experiment.run.no": 2}), *agent("s-2", 2)
        )
        assert 200 == post(service, "/v1/traces", held.SerializeToString()).status
        until(lambda: len(service.rows("select 1 from agent_sessions")) == 2, within_s=30)
        until(lambda: len(service.rows("select 1 from work_links where level = 'tool'")) == 3, within_s=30)
        connection = apsw.Connection(str(service.db))
        connection.set_busy_timeout(30_000)
        connection.execute(WORK).fetchall()
        connection.close()
        yield service


def over_http(service: Running, name: str) -> Any:
    """Ask the endpoint."""
    named, rest = ASKED[name]
    told = ask(service, f"/{'/'.join(('reports', name, *named))}?{urlencode(rest)}")
    return told["items"] if JOINS[name].is_list else told


def by_command(service: Running, name: str, *more: str) -> Result:
    """Ask the command."""
    named, rest = ASKED[name]
    options = [part for key, value in rest.items() for part in (f"--{key}", value)]
    return CliRunner().invoke(commands, ["report", name, *named, *options, "--db", str(service.db), *more])


def by_statement(service: Running, name: str) -> Any:
    """Run the statement that the page shows, with its values bound."""
    statement = re.search(rf"## {name}\n.*?```sql\n(.*?)\n```", PAGE, re.DOTALL)
    assert statement is not None
    assert statement[1] == STATEMENTS[JOINS[name].statement]
    named, rest = ASKED[name]
    values = dict(zip(JOINS[name].needs, named, strict=True)) | rest | {"limit": "50"}
    bound = re.sub(r":([a-z_]+)", lambda found: _literal(values.get(found[1])), statement[1])
    return service.rows(bound)


def _literal(value: str | None) -> str:
    if value is None:
        return "null"
    return value if value.isdigit() else f"'{value}'"


@pytest.mark.parametrize("name", list(JOINS))
def test_three_ways_to_ask_give_one_answer(asked: Running, name: str) -> None:
    """The endpoint, the command and the page's statement agree, and nothing is empty."""
    told = over_http(asked, name)
    command = by_command(asked, name, "--json")
    stated = by_statement(asked, name)

    assert told
    assert (0, told) == (command.exit_code, orjson.loads(command.output))
    assert [_comparable(row) for row in (told if JOINS[name].is_list else [told])] == [
        _comparable(row) for row in stated
    ]


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out dollars, which only readers are shown, and flags that SQL writes as numbers."""
    return {key: value for key, value in row.items() if key != "cost_usd"}


def test_answers_for_people(asked: Running) -> None:
    """Each answer is readable, with dollars."""
    shown = {name: by_command(asked, name) for name in JOINS}

    assert {0} == {result.exit_code for result in shown.values()}
    assert "builder" in shown["failed-agents-in-phase"].output
    assert "$0.35" in shown["run-cost"].output
    assert "Broken" in shown["failed-tools-in-run"].output
    assert "10m00s" in shown["issue-stats"].output


def test_costs_are_those_of_the_work_alone(asked: Running) -> None:
    """A plan's cost is of the calls that name it; a debug session's is of the session that it was told in."""
    (cost,) = asked.rows("select sum(cost_nanos) as n from model_calls where session_id = 's-1'")
    names = ("plan-cost", "run-cost", "debug-cost")

    assert [(1, cost["n"])] * 3 == [(told["model_calls"], told["cost_nanos"]) for told in _all(asked, names)]
    assert (1, 1) == (
        len(over_http(asked, "failed-tools-in-run")),
        over_http(asked, "project-costs")[0]["sessions"] // 2,
    )
    assert (2, 500.0) == tuple(over_http(asked, "skill-stats")[key] for key in ("total_uses", "avg_context"))


def _all(service: Running, names: tuple[str, ...]) -> list[Any]:
    return [over_http(service, name) for name in names]


def test_what_is_not_known_is_not_found(asked: Running) -> None:
    """A plan, a run or an issue that nobody named is told as missing, with exit status 4."""
    assert "missing" == ask(asked, "/reports/plan-cost/nothing", status=404)["code"]
    assert "invalid" == ask(asked, "/reports/run-cost/e-1/two", status=400)["code"]
    assert 4 == main(["report", "issue-stats", "i-none", "--db", str(asked.db)])
