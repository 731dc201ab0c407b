"""Prove `spanledger status` and `tracking.get_status()`: a few lines about how the work stands, quickly."""

import time
from pathlib import Path

import apsw
import pytest

from schema import migrate
from spanledger import hands, standing, tracking

MANY = """
with recursive n (i) as (select 0 union all select i + 1 from n where i < 19999)
insert into job_history (id, status, model, reasoning_effort, started_at, cost_nanos, error_message)
select 'job-' || i, iif(i % 100, 'completed', 'failed'), 'm', '',
  iif(i < 2000, '2026-11-20', '2026-11-10') || 'T10:00:00.000000Z', 1000000,
  iif(i % 100, null, 'it' || char(10) || 'broke')
from n;
with recursive n (i) as (select 0 union all select i + 1 from n where i < 999)
insert into feature_plans (key, title, status, created_at, updated_at)
select 'plan-' || i, 'Plan', iif(i % 10, 'completed', 'in_progress'), '2026', printf('%05d', i) from n;
insert into plan_tasks (plan_id, title, status, created_at) values
  (991, 'a', 'pending', '2026'), (991, 'b', 'completed', '2026');
insert into experiments (key, title, status, created_at) values ('exp', 'E', 'in_progress', '2026');
insert into experiment_runs (experiment_id, run_no, params_json, outcome, created_at)
values (1, 1, '{}', 'pass', '2026');
insert into debug_sessions (key, title, status, started_at) values ('leak', 'L', 'in_progress', '2026');
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Make a database with much that is over and some that is not."""
    path = tmp_path / "standing.db"
    connection = apsw.Connection(str(path))
    migrate.migrate(connection)
    connection.execute(MANY).fetchall()
    connection.close()
    return path


def test_a_few_lines_say_how_the_work_stands(database: Path) -> None:
    """Open plans with their tasks, experiments, debugging, today's jobs, cost and failures; the newest of many."""
    with hands.asking(database) as side:
        lines = standing.standing(side, today="2026-11-20").splitlines()

    assert "plans: 100 open: plan-990 (in_progress, 1 to do); plan-980 (in_progress, 0 to do); " in lines[0]
    assert lines[0].endswith("… 97 more")
    assert [
        "debugging: 1 open: leak (in_progress, notes: 0)",
        "experiments: 1 open: exp (in_progress, 1 of 1 runs passed)",
    ] == lines[1:3]
    assert "jobs today: 2000: 1980 completed, 20 failed, 0 running, $2.00" == lines[3]
    assert lines[4].startswith("failed: job-")
    assert "(it broke)" in lines[4]
    assert 5 == len(lines)


def test_nothing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh database is told in a line; the function in Python is the same."""
    monkeypatch.setenv("SPANLEDGER_DB", str(tmp_path / "new.db"))

    assert "jobs today: 0: 0 completed, 0 failed, 0 running" == tracking.get_status()


def test_it_takes_milliseconds(database: Path) -> None:
    """What is over costs nothing: the best of five takes under 50 ms of the processor."""
    with hands.asking(database) as side:
        took = []
        for _ in range(5):
            began = time.process_time()
            standing.standing(side, today="2026-11-20")
            took.append(time.process_time() - began)

    assert min(took) < 0.05
