"""Mirror `derive.points`: when sessions are known by their metrics, and when no longer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from derive import points
from schema.signals import Signal
from tests.support.corpus import source
from tests.support.derived import LATER, Derived, batches
from tests.support.points import SECOND, usage

TOKENS = "select session_id, model, input_tokens, output_tokens, usage_role, job_id from model_calls order by 1, 2"
SESSIONS = "select session_id, source, emitter, user_id, closed_by from agent_sessions order by 1"
BY_HAND = """
insert into agent_sessions (session_id, agent_name, started_at, emitter, source)
values ('s', 'unknown', '2026-01-01T00:00:00.000000Z', 'api', 'api');
insert into model_calls (call_id, session_id, started_at, input_tokens, status, usage_role, counted, emitter, sources)
values ('by hand', 's', '2026-01-01T00:00:00.000000Z', 5, 'ok', 'leaf', 1, 'api', '[]');
insert into agent_traces (trace_id, session_id, type, timestamp, input_tokens, counted, emitter)
values ('by hand', 's', 'model_called', '2026-01-01T00:00:00.000000Z', 5, 1, 'api')
"""
AT = 1_800_000_000 * SECOND
S = {"session.id": "s", "gen_ai.request.model": "gpt-4o"}


@pytest.fixture
def derived(tmp_path: Path) -> Iterator[Derived]:
    """Open a new database."""
    with Derived(tmp_path) as made:
        yield made


def test_a_session_counts_after_a_minute_alone(derived: Derived) -> None:
    """Its other records may be on their way; then it is open until it is quiet for long."""
    derived.commit(usage([("input", 0, AT, 7), ("output", 0, AT, 3)], S))

    derived.derive(AT + 59 * SECOND)
    assert [] == derived.rows(TOKENS)

    derived.derive(AT + 60 * SECOND)
    assert [("s", "gpt-4o", 7, 3, "metric", None)] == derived.rows(TOKENS)
    assert [("s", "metric", "otel_genai", None, None)] == derived.rows(SESSIONS)
    assert [("running", None, None, 7)] == derived.rows(
        "select status, tool_call_count, message_count, input_tokens from agents"
    )

    derived.derive()
    assert [("s", "metric", "otel_genai", None, "idle")] == derived.rows(SESSIONS)
    assert [] == derived.rows("select * from job_history union all select * from job_history")


def test_a_restart_forgets_no_session_that_waits(derived: Derived) -> None:
    """Nor is one counted twice."""
    derived.commit(usage([("input", 0, AT, 7)], S))
    derived.derive(AT)
    derived.restart()
    derived.derive(AT + 60 * SECOND)
    assert [("s", "gpt-4o", 7, None, "metric", None)] == derived.rows(TOKENS)

    derived.restart()
    derived.commit(usage([("input", 0, AT + SECOND, 2)], S))
    derived.derive()

    assert [("s", "gpt-4o", 9, None, "metric", None)] == derived.rows(TOKENS)


def test_points_that_are_sent_again_change_nothing(derived: Derived) -> None:
    """Series, start and time are the same."""
    for _ in range(3):
        derived.commit(usage([("input", AT, AT + 1, 7), ("input", AT + 1, AT + 2, 5)], S))
        derived.derive()

    assert [("s", "gpt-4o", 12, None, "metric", None)] == derived.rows(TOKENS)


def test_a_program_that_starts_again_counts_on(derived: Derived) -> None:
    """A running total begins anew with each start, and where it falls."""
    told = [("input", AT, AT + 1, 7), ("input", AT, AT + 2, 9), ("input", AT + 5, AT + 6, 4), ("input", AT, AT + 3, 1)]
    derived.commit(usage(told, S, temporality=2))
    derived.derive()

    assert [("s", "gpt-4o", 14, None, "metric", None)] == derived.rows(TOKENS)


def test_metrics_without_a_session_make_none(derived: Derived) -> None:
    """Whatever they count."""
    derived.commit(usage([("input", 0, AT, 7)], {"gen_ai.request.model": "gpt-4o"}))
    derived.derive()

    assert [] == derived.rows(SESSIONS)
    assert [] == derived.rows("select * from usage_series")


def test_records_take_the_place_of_metrics(tmp_path: Path) -> None:
    """As soon as the session has a call of its own, also after a restart."""
    requests = source("claude-code-both").requests
    with Derived(tmp_path / "1") as derived:
        derived.commit(*batches([request for request in requests if request.signal is Signal.METRICS]))
        derived.derive()
        assert {("metric",)} == set(derived.rows("select source from agent_sessions"))

        derived.restart()
        derived.commit(*batches([request for request in requests if request.signal is Signal.LOGS]))
        derived.derive()

        assert [] == derived.rows("select * from model_calls where usage_role = 'metric'")
        assert [] == derived.rows("select * from agent_traces where trace_id like 'metric/%'")
        assert {("otlp",)} == set(derived.rows("select source from agent_sessions"))


def test_a_session_by_its_resource_gives_way_to_its_programs_records(derived: Derived) -> None:
    """They name sessions of their own: the same calls would be there twice."""
    name, resource, about = "claude_code.token.usage", {"session.id": "window"}, {"type": "input", "model": "m"}
    moment = source("claude-code-both").truth["turns"][0]["t_start"]
    held = usage([("", moment, moment + 10 * SECOND, 7)], about, name=name, resource=resource)
    derived.commit(held)
    derived.derive()
    assert [("window", "m", 7, None, "metric", None)] == derived.rows(TOKENS)

    derived.commit(*batches([one for one in source("claude-code-both").requests if one.signal is Signal.LOGS]))
    derived.commit(usage([("", moment, moment + 11 * SECOND, 7)], about, name=name, resource=resource))
    derived.derive()
    assert [] == derived.rows("select * from model_calls where session_id = 'window'")
    assert [] == derived.rows("select * from agent_sessions where session_id = 'window'")


def test_calls_that_a_program_wrote_itself_count_alone(derived: Derived) -> None:
    """Also where other records of the session have it derived again."""
    derived.side.transaction(lambda cursor: cursor.execute(BY_HAND).fetchall())
    derived.commit(usage([("input", 0, AT, 7)], S))
    derived.derive()
    derived.deriver.rebuild()
    derived.derive()

    assert [("s", None, 5, None, "leaf", None)] == derived.rows(TOKENS)


def test_points_are_passed_a_piece_at_a_time(derived: Derived, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that tell nothing, and with little room for what is folded."""
    for name, small in (("READ_IDS", 3), ("HELD_SERIES", 2), ("WRITE_SERIES", 1), ("FAR", 5)):
        monkeypatch.setattr(points, name, small)
    for number in range(20):
        derived.commit(usage([("input", 0, AT, 1)], {"session.id": f"s{number % 5}", "number": str(number)}))
        derived.commit(usage([("input", 0, AT + number, 1)], name="other"))
    assert 40 == derived.deriver.backlog().rows

    derived.derive()

    assert [(f"s{number}", None, 4, None, "metric", None) for number in range(5)] == derived.rows(TOKENS)
    assert 0 == derived.deriver.backlog().rows
    assert 35 <= derived.rows("select after_id from derived_positions where signal = 'metrics'")[0][0]


def test_what_metrics_cost_is_not_priced_as_one_long_call(derived: Derived) -> None:
    """Prices that depend on the length of a call are those of short ones, then and when priced again."""
    told = {"session.id": "s", "gen_ai.request.model": "gemini-2.5-pro", "gen_ai.provider.name": "gcp.gemini"}
    derived.commit(usage([("input", AT, AT + 1, 1_000_000), ("output", AT, AT + 1, 1_000)], told))
    derived.derive()
    cost = "select cost_nanos, cost_source from model_calls"
    expected = [(1_000_000 * 1_250 + 1_000 * 10_000, "computed")]
    assert expected == derived.rows(cost)

    derived.deriver.reprice(past=True)
    derived.derive(LATER)
    assert expected == derived.rows(cost)
