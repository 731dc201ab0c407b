"""Rounds take what the rules say, all of it and nothing else, and leave books that say so."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from retention.config import Retention
from retention.sweep import Pace
from schema.derived import Changes, Step
from tests.derive.test_once import agree
from tests.retention.kept import DAY, NOW, Kept

MONTH = Retention.model_validate({"raw": "30d", "content": "forever"})
OLD, YOUNG = "claude-code-both", "codex-cli-grpc"


@pytest.fixture(scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with one source of 40 days ago and one of 2 days ago, once for all tests."""
    folder = tmp_path_factory.mktemp("kept")
    with Kept(folder) as kept:
        kept.receive(OLD, days_ago=40)
        kept.receive(YOUNG, days_ago=2)
    return folder


@pytest.fixture
def kept(_template: Path, tmp_path: Path) -> Kept:
    """Give a copy of it."""
    (tmp_path / "derived.db").write_bytes((_template / "derived.db").read_bytes())
    return Kept(tmp_path)


def test_old_raw_records_go_and_what_was_derived_stays(kept: Kept) -> None:
    """Records of more than 30 days ago are gone, the others and all derived rows are there, and the books say so."""
    with kept:
        before, young = kept.tables(), kept.count("raw_logs", f"received_at > {NOW - 3 * DAY}")
        total = sum(kept.count(table) for table in ("raw_spans", "raw_logs", "raw_points"))
        _, waiting = kept.round(MONTH)

        assert not waiting
        assert 0 == kept.count("raw_logs", f"received_at < {NOW - 30 * DAY}")
        assert young == kept.count("raw_logs")
        assert 1 == kept.rows("select max(frozen) from job_history")[0][0]
        kept.side.transaction(lambda cursor: cursor.execute("update job_history set frozen = 0"))
        agree({**before, "trace_ties": []}, {**kept.tables(), "trace_ties": []})
        assert kept.balances()
        taken = kept.rows("select sum(rows), sum(left_behind), min(bytes_freed >= 0) from sweeps")[0]
        assert (total - sum(kept.count(table) for table in ("raw_spans", "raw_logs", "raw_points")), 0, 1) == taken


def test_a_plan_says_what_a_round_takes(kept: Kept) -> None:
    """Rows by rule and kind are the same in the plan and in the sweeps, and the plan deletes nothing."""
    with kept:
        before = kept.count("raw_logs")
        planned = {(line["rule"], line["what"]): line["rows"] for line in kept.plan(MONTH)["lines"]}
        assert before == kept.count("raw_logs")
        kept.round(MONTH)

        assert planned == {(rule, what): rows for rule, what, rows in kept.rows("select rule, what, rows from sweeps")}
        assert not kept.plan(MONTH)["lines"]


def test_a_second_round_finds_nothing(kept: Kept) -> None:
    """What is gone is gone: nothing is left to do, and no line says otherwise."""
    with kept:
        kept.round(MONTH)
        lines = kept.count("sweeps")
        kept.round(MONTH)

        assert lines == kept.count("sweeps")


def test_deriving_again_after_a_round_changes_nothing(kept: Kept) -> None:
    """`rebuild` neither removes what it can no longer make nor brings back what was forgotten."""
    with kept:
        kept.round(Retention.model_validate({"raw": "30d", "content": "30d"}))
        expected = kept.tables()
        kept.restart()
        kept.deriver.rebuild()
        kept.derive()

        agree({**expected, "trace_ties": []}, {**kept.tables(), "trace_ties": []})


def test_texts_go_and_numbers_stay(kept: Kept) -> None:
    """What people, models and tools said is gone from old rows; tokens, costs and names are as they were."""
    with kept:
        numbers = kept.rows("select call_id, input_tokens, cost_nanos, model from model_calls order by 1")
        kept.round(Retention.model_validate({"raw": "30d", "content": "30d"}))

        when = "created_at < '2026-10-25'"
        assert 0 < kept.count("agent_traces", when)
        assert 0 == kept.count("agent_traces", f"{when} and (raw_input is not null or raw_output is not null)")
        assert 0 == kept.count("tool_calls", f"{when} and (input_preview is not null or output_preview is not null)")
        assert 0 == kept.count("events", f"{when} and data_json is not null")
        assert 0 == kept.count("job_history", f"{when} and (prompt is not null or summary is not null)")
        assert 0 < kept.count("job_history", f"not {when} and prompt is not null")
        assert numbers == kept.rows("select call_id, input_tokens, cost_nanos, model from model_calls order by 1")


USED = "select sum(calls), sum(input_tokens), sum(output_tokens), sum(cost_nanos), sum(errors) from usage_days"
TOOLS = "select day, name, agent_name, share, calls, failures, round(total_ms, 3) from tool_days order by 1, 2, 3, 4"


def test_days_keep_the_sums_of_what_goes(kept: Kept) -> None:
    """Days, models, agents and tools come to what they came to when sessions are gone; no sum names one of these."""
    with kept:
        groups = ("day", "agent_name", "model", "provider", "cost_source")
        before = [kept.rows(f"{USED} group by {name} order by {name}") for name in groups]
        tools = kept.rows(TOOLS)
        kept.round(Retention.model_validate({"raw": "30d", "content": "30d", "rows": "30d"}))

        assert before == [kept.rows(f"{USED} group by {name} order by {name}") for name in groups]
        assert tools == kept.rows(TOOLS)
        assert 0 < kept.count("usage_days", "session_id = ''")
        known = "(select session_id from agent_sessions)"
        assert 0 == kept.count("usage_days", f"session_id <> '' and session_id not in {known}")
        assert 0 == kept.count("model_calls", "created_at < '2026-10-25'")


SHORT = Retention.model_validate({"raw": "60d", "content": "30d"})


def test_texts_go_from_raw_records_that_are_kept_longer(kept: Kept) -> None:
    """Nothing that was said is left in old raw rows; their names, times and numbers are, and young ones are whole."""
    names = "trace_id, span_id, parent_span_id, name, kind, start_time_unix_nano, end_time_unix_nano, status_code"
    tokens = "sum(attributes ->> 'input_tokens'), count(*)"
    old, young = f"received_at < {NOW - 30 * DAY}", f"received_at >= {NOW - 30 * DAY}"
    with kept:
        spans = kept.rows(f"select {names} from raw_spans order by id")
        sums = kept.rows(f"select {tokens} from raw_spans"), kept.rows(f"select {tokens} from raw_logs")
        whole = kept.rows(f"select * from raw_logs where {young} order by id")
        _, waiting = kept.round(SHORT)

        assert not waiting
        assert sums[0][0][0]
        assert spans == kept.rows(f"select {names} from raw_spans order by id")
        assert sums == (kept.rows(f"select {tokens} from raw_spans"), kept.rows(f"select {tokens} from raw_logs"))
        assert whole == kept.rows(f"select * from raw_logs where {young} order by id")
        for table, spoken in (
            ("raw_spans", "coalesce(events, links, nullif(status_message, ''))"),
            ("raw_logs", "body"),
        ):
            assert 0 < kept.count(table, old)
            assert 0 == kept.count(table, f"{old} and {spoken} is not null")
            said = "exists (select 1 from json_each(attributes) where type in ('text', 'object') and instr(value, ' '))"
            assert 0 == kept.count(table, f"{old} and {said}")
        assert kept.balances()
        assert 0 == sum(rows for (rows,) in kept.rows("select left_behind from sweeps"))


def test_records_without_their_texts_tell_nothing_anew(kept: Kept) -> None:
    """`rebuild` leaves what was derived of them as it is, and what is sent again with its texts is no other version."""
    with kept:
        kept.round(SHORT)
        expected, conflicts = kept.tables(), kept.rows("select sum(conflicts) from ledger")
        kept.restart()
        kept.deriver.rebuild()
        kept.derive()
        kept.receive(OLD, days_ago=0)

        agree({**expected, "trace_ties": []}, {**kept.tables(), "trace_ties": []})
        assert conflicts == kept.rows("select sum(conflicts) from ledger")
        assert kept.balances()


def test_rows_go_session_by_session_and_days_stay(kept: Kept) -> None:
    """All of an old session goes together; the sums of its days are kept for ever, whatever is derived again."""
    with kept:
        days = kept.rows("select * from daily_metrics order by date")
        kept.round(Retention.model_validate({"raw": "30d", "content": "30d", "rows": "35d"}))

        for table in ("agent_sessions", "agent_traces", "model_calls", "tool_calls", "events", "job_history"):
            assert 0 == kept.count(table, "created_at < '2026-10-20'"), table
            assert 0 < kept.count(table), table
        kept.deriver.rebuild()
        kept.derive()
        assert days == kept.rows("select * from daily_metrics order by date")


def test_a_pinned_session_stays_whole(kept: Kept) -> None:
    """Its records, texts and rows are kept; those of others go."""
    session = kept.rows("select session_id from agent_sessions where created_at < '2026-10-25' order by 1")[0][0]
    of_it = f"otel_trace_id is not null and session_id = '{session}'"
    with kept:
        kept.side.transaction(
            lambda cursor: cursor.execute(
                "insert into pins (kind, name, created_at) values ('session', ?, '')", (session,)
            )
        )
        spans = f"trace_id in (select otel_trace_id from agent_traces where {of_it})"
        logs = (
            "exists (select 1 from events where key = 'log/' || sort_time || '/' || fingerprint and session_id = '{}')"
        )
        before = kept.count("raw_spans", spans), kept.count("raw_logs", logs.format(session))
        texts = kept.count("agent_traces", f"session_id = '{session}' and raw_input is not null")
        kept.round(Retention.model_validate({"raw": "30d", "content": "30d", "rows": "35d"}))

        assert sum(before) > 0
        assert texts > 0
        assert before == (kept.count("raw_spans", spans), kept.count("raw_logs", logs.format(session)))
        assert texts == kept.count("agent_traces", f"session_id = '{session}' and raw_input is not null")
        assert [(session,)] == kept.rows("select session_id from agent_sessions where created_at < '2026-10-20'")


def test_what_is_pinned_in_the_middle_of_a_sweep_stays(kept: Kept) -> None:
    """A pin holds from the moment it is answered: what was found before and is not deleted yet stays."""
    session, spans = kept.rows(
        "select t.session_id, count(*) from raw_spans as s"
        " join agent_traces as t on t.trace_id = s.trace_id || '/' || s.span_id"
        f" where s.received_at < {NOW - 30 * DAY} and t.session_id is not null group by 1 order by 2 desc"
    )[0]
    of_it = f"trace_id in (select otel_trace_id from agent_traces where session_id = '{session}')"
    before, hand, pieces = kept.count("raw_spans", of_it), kept.hand, count()

    def pinning(work: Any) -> Any:
        if next(pieces) == 2:
            kept.side.transaction(
                lambda cursor: cursor.execute(
                    "insert into pins (kind, name, created_at) values ('session', ?, '')", (session,)
                )
            )
        return hand(work)

    with kept:
        kept.hand = pinning  # type: ignore[method-assign]  # as the writer does other work between two pieces
        kept.round(MONTH, pace=Pace(rows=20))

        assert spans
        assert 0 < kept.count("raw_spans", of_it) <= before
        left = kept.count("raw_spans", of_it)
        kept.round(MONTH, now=NOW + 3 * DAY)
        assert left == kept.count("raw_spans", of_it)
        assert kept.balances()


def test_a_rule_for_an_agent_goes_before_the_general_one(kept: Kept) -> None:
    """An agent's raw records may be kept longer than all others, and shorter."""
    with kept:
        name = kept.rows("select agent_name from agent_sessions where created_at < '2026-10-25'")[0][0]
        other = kept.rows("select agent_name from agent_sessions where created_at > '2026-11-01'")[0][0]
        rules = [f"agent={name} raw=60d", f"agent={other} raw=1d"]
        kept.round(Retention.model_validate({"raw": "30d", "content": "forever", "rules": rules}))

        assert 0 < kept.count("raw_logs", f"received_at < {NOW - 30 * DAY}")
        assert 0 == kept.count("raw_logs", f"received_at > {NOW - 30 * DAY} and trace_id is not null")
        assert {rules[1]} <= {rule for (rule,) in kept.rows("select rule from sweeps where what <> 'raw_points'")}


def test_shorter_rules_wait_for_a_word(kept: Kept) -> None:
    """Nothing more goes than by the rules before until somebody agrees; then it does."""
    week = Retention.model_validate({"raw": "1d", "content": "forever"})
    with kept:
        kept.round(MONTH)
        left = kept.count("raw_logs")
        _, waiting = kept.round(week, agrees=False)
        assert ["not agreed to: raw=1d: was 30d"] == waiting
        assert left == kept.count("raw_logs")
        told = kept.plan(week)
        assert (["raw=1d: was 30d"], False) == (told["pending"], told["agreed"])
        assert left == sum(line["rows"] for line in told["held_back"] if line["what"] == "raw_logs")

        assert [] == kept.round(week)[1]
        assert 0 == kept.count("raw_logs")
        assert [("1",)] == kept.rows("select value from trace_settings where key = 'retention_days'")


def test_a_first_rule_takes_nothing_that_is_there_without_a_word(kept: Kept) -> None:
    """A database that was filled before there were rules loses nothing by the defaults alone."""
    with kept:
        before = kept.count("raw_logs")
        assert kept.round(Retention(), agrees=False)[1]
        assert before == kept.count("raw_logs")


def test_a_leap_of_the_clock_takes_a_day_at_most(kept: Kept) -> None:
    """A clock that leaps ten years takes no more than what is a day older than at the last round."""
    from retention.rounds import moment
    from store.old import SqliteOldSide

    with kept:
        kept.round(MONTH)
        left = kept.count("raw_logs")
        side = SqliteOldSide(kept.path)
        now = moment(side, NOW + 3650 * DAY)
        side.close()
        assert now == NOW + DAY
        kept.round(MONTH, now=now)

        assert left == kept.count("raw_logs") > 0


@pytest.mark.parametrize("came", [5 * DAY, NOW + 3650 * DAY])
def test_records_of_a_wrong_clock_go_with_their_neighbours(kept: Kept, came: int) -> None:
    """Records received while the clock was wrong are neither deleted early nor kept for ever."""
    with kept:
        kept.receive(YOUNG, days_ago=0)
        last = kept.rows("select max(id) from raw_spans")[0][0]
        kept.side.transaction(
            lambda cursor: cursor.execute(f"update raw_spans set received_at = {came} where id = {last - 1}")
        )
        kept.round(MONTH)
        assert 1 == kept.count("raw_spans", f"id = {last - 1}")
        kept.round(MONTH, now=NOW + 31 * DAY)

        assert 0 == kept.count("raw_spans")


def test_a_database_that_is_too_large_loses_its_oldest_raw_records(kept: Kept) -> None:
    """It is smaller afterwards, the file too, and what is left is younger than what went."""
    with kept:
        size = kept.rows("select page_count * page_size from pragma_page_count, pragma_page_size")[0][0]
        config = Retention.model_validate({"raw": "39.9d", "content": "forever", "max_size": size // 2})
        rows = sum(kept.count(table) for table in ("raw_spans", "raw_logs", "raw_points"))
        kept.round(config)

        live = kept.rows(
            "select (page_count - freelist_count) * page_size"
            " from pragma_page_count, pragma_freelist_count, pragma_page_size"
        )[0][0]
        assert live <= size // 2 or not kept.count("raw_spans")
        left = sum(kept.count(table) for table in ("raw_spans", "raw_logs", "raw_points"))
        assert rows - left == kept.rows("select sum(rows) from sweeps")[0][0]
        assert 2 == len({rule for (rule,) in kept.rows("select rule from sweeps")})
        assert kept.balances()


def test_a_full_disk_is_made_room_on(kept: Kept) -> None:
    """While less is free than wanted, the oldest raw records go, and what cannot be reached is said."""
    with kept:
        config = Retention.model_validate({"raw": "forever", "content": "forever", "min_free": "1GiB"})
        _, waiting = kept.round(config, free=lambda: 0)

        assert any("no raw record is left that may go" in line for line in waiting)
        assert 0 == kept.count("raw_spans") + kept.count("raw_logs") + kept.count("raw_points")
        assert kept.count("agent_sessions")


def test_what_nothing_uses_goes_as_well(kept: Kept) -> None:
    """Resources, scopes and ties of records that are gone are gone; those of others are there."""
    with kept:
        before = kept.count("resources"), kept.count("scopes")
        kept.round(MONTH)

        assert before > (kept.count("resources"), kept.count("scopes"))
        for table in ("raw_spans", "raw_logs", "raw_points"):
            assert 0 == kept.count(table, "resource_id not in (select id from resources)")
            assert 0 == kept.count(table, "scope_id not in (select id from scopes)")
        kept.receive(OLD, days_ago=0)
        assert 0 == kept.count("raw_logs", "resource_id not in (select id from resources)")


def test_ids_are_never_given_twice(kept: Kept) -> None:
    """Whoever remembers how far it read misses nothing when the newest records were deleted."""
    with kept:
        last = kept.rows("select max(id) from raw_spans")[0][0]
        kept.round(MONTH, now=NOW + 60 * DAY)
        assert 0 == kept.count("raw_spans")
        kept.receive(YOUNG, days_ago=-60)

        assert last < kept.rows("select min(id) from raw_spans")[0][0]


def test_what_an_exporter_is_still_to_send_stays(kept: Kept) -> None:
    """Until it has sent it, given it up, or is no longer configured."""
    with kept:
        move = Step(
            "move_cursor",
            {"exporter": "far", "signal": "traces", "after_id": 2, "sent": 2, "refused": 0, "expired": 0, "passed": 0},
        )
        kept.side.apply(Changes(steps=[move]))
        first = kept.rows("select min(id) from raw_spans")[0][0]
        kept.round(MONTH)
        assert kept.count("raw_spans", f"received_at < {NOW - 30 * DAY} and id > 2")

        kept.side.apply(Changes(steps=[Step("retire_cursors", {"names": "[]"})]))
        kept.round(MONTH)
        assert first <= 2
        assert 0 == kept.count("raw_spans", f"received_at < {NOW - 30 * DAY}")
