"""Mirror `api.narrowing` and `api.tool_sums`: what is left out of a list would not have been in it."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import apsw
import pytest

from api import lists, pages, tool_sums
from api.lists import Listing
from benchmarks.million import make
from schema.derived import Changes, Step
from store.config import Store
from store.protocol import ReadSide
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide

UNTIL: Final = 1_790_000_000 * 1_000_000_000
LISTS: Final = {
    "spans": lists.spans,
    "traces": lists.traces,
    "model-calls": lists.model_calls,
    "tool-calls": lists.tool_calls,
    "entries": lists.entries,
}
CUT: Final = ("2026-08-02T11:30:00.000000Z", "2026-08-30T17:45:00.000000Z")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database of ninety days."""
    found = tmp_path_factory.mktemp("narrowing") / "spanledger.db"
    make(found, spans=4_000, sessions=60, until=UNTIL)
    return found


@pytest.fixture(scope="module")
def side(path: Path) -> Iterator[ReadSide]:
    """Read it."""
    with closing(SqliteReadSide(path)) as found:
        yield found


def whole(side: ReadSide, ask: Listing, where: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """Read all pages of a list."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = ask(side, limit=limit, cursor=cursor, **where)
        assert page["items"] or cursor is None
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("spans", {"name": "chat llama-5-local"}),
        ("spans", {"name": "nobody"}),
        ("spans", {"name": "chat llama-5-local", "status": "error"}),
        ("spans", {"service": "nobody"}),
        ("spans", {"min_ms": 5_000.0}),
        ("spans", {"status": "ok"}),
        ("spans", {"status": "error"}),
        ("spans", {"kind": "server"}),
        ("spans", {"kind": "client"}),
        ("traces", {"min_ms": 20_000.0}),
        ("traces", {"status": "error"}),
        ("traces", {"name": "nobody"}),
        ("model-calls", {"provider": "openai"}),
        ("model-calls", {"provider": "nobody"}),
        ("model-calls", {"min_cost": 0.03}),
        ("model-calls", {"min_cost": 1_000.0}),
        ("model-calls", {"cost_source": "computed", "min_cost": 0.02}),
        ("model-calls", {"max_cost": 0.0}),
        ("model-calls", {"max_cost": 0.001}),
        ("model-calls", {"min_cost": 0.02, "max_cost": 0.021}),
        ("entries", {"kind": "nobody"}),
        ("entries", {"kind": "agent"}),
        ("entries", {"status": "nobody"}),
        ("entries", {"kind": "llm", "status": "error"}),
        ("entries", {"min_ms": 30_000.0}),
        ("entries", {"kind": "tool", "max_ms": 1.0}),
        ("tool-calls", {"tool": "bash"}),
        ("tool-calls", {"tool": "run_tests", "status": "error"}),
        ("tool-calls", {"tool": "nobody"}),
        ("tool-calls", {"agent": "nobody"}),
        ("tool-calls", {"min_ms": 1_000.0}),
    ],
)
@pytest.mark.parametrize(
    "times", [{}, {"since": CUT[0]}, {"since": CUT[0], "until": CUT[1]}], ids=["all", "since", "cut"]
)
def test_nothing_is_lost(side: ReadSide, name: str, where: Mapping[str, Any], times: Mapping[str, str]) -> None:
    """A list that looks at some times alone gives what it gives when it looks at all, in pages of any size."""
    ask = LISTS[name]
    for limit in (37, 1_000):
        expected = whole(side, replace(ask, narrow=None), {**where, **times}, limit)

        assert expected == whole(side, ask, {**where, **times}, limit)


@pytest.mark.parametrize(
    "where", [{"text": "llama-5"}, {"text": "nobody"}, {"text": "LLAMA-5", "kind": "llm", "until": CUT[1]}]
)
def test_a_text_that_may_be_anywhere(monkeypatch: pytest.MonkeyPatch, side: ReadSide, where: Mapping[str, Any]) -> None:
    """Its pages end when enough was looked at, also empty ones, and together they hold all of it once."""
    expected = whole(side, replace(lists.entries, ends="", narrow=None), where, 1_000)
    monkeypatch.setattr(pages, "LOOKED", 300)
    found: list[dict[str, Any]] = []
    sizes: list[int] = []
    cursor: str | None = None
    while cursor or not sizes:
        page = lists.entries(side, limit=40, cursor=cursor, **where)
        sizes.append(len(page["items"]))
        found, cursor = found + page["items"], page["next"]

    assert expected == found
    assert bool(expected) is ("nobody" not in where.values())
    assert min(sizes) < 40 < len(sizes) * 40, "no page ended early"
    session = side.report("newest_entries", limit=1)[0]["session_id"]
    assert whole(side, lists.entries, {"session": session, "text": "a"}, 7) == whole(
        side, replace(lists.entries, ends=""), {"session": session, "text": "a"}, 1_000
    )


def test_a_cursor_of_another_list(side: ReadSide) -> None:
    """It leads somewhere or nowhere, and breaks nothing."""
    spans = lists.spans(side, name="chat llama-5-local", limit=1)["next"]
    calls = lists.model_calls(side, provider="openai", limit=1)["next"]

    assert isinstance(lists.model_calls(side, provider="openai", cursor=spans)["items"], list)
    assert isinstance(lists.spans(side, name="chat llama-5-local", cursor=calls)["items"], list)


def test_what_is_seldom_is_narrowed(side: ReadSide) -> None:
    """There are rows to find and rows to leave out in these."""
    for name, where in (
        ("spans", {"name": "chat llama-5-local"}),
        ("spans", {"status": "error"}),
        ("tool-calls", {"tool": "run_tests"}),
        ("model-calls", {"max_cost": 0.001}),
        ("entries", {"kind": "llm", "status": "error"}),
        ("entries", {"min_ms": 30_000.0}),
    ):
        assert 0 < len(whole(side, LISTS[name], where, 1_000)) < 2_000


def test_what_is_not_counted_yet_is_found(tmp_path: Path) -> None:
    """Spans that came since names were counted last are in the list, and calls that count nowhere are in theirs."""
    path = tmp_path / "behind.db"
    make(path, spans=400, sessions=10, until=UNTIL)
    with closing(apsw.Connection(str(path))) as writing:
        writing.execute("delete from names")
        writing.execute("update derived_positions set after_id = 0 where signal = 'names/traces'")
        writing.execute(
            "update model_calls set counted = 0, provider = 'odd', cost_nanos = 5000000000 where rowid % 7 = 0"
        )
    with closing(SqliteReadSide(path)) as found:
        for name, where in (
            ("spans", {"name": "chat llama-5-local"}),
            ("model-calls", {"provider": "odd"}),
            ("model-calls", {"min_cost": 4.0}),
        ):
            expected = whole(found, replace(LISTS[name], narrow=None), where, 1_000)

            assert expected
            assert expected == whole(found, LISTS[name], where, 1_000)


def test_entries_that_change_are_found(tmp_path: Path) -> None:
    """One that becomes longer, or is of another kind or status now, is in the lists of those; so is a program's."""
    path = tmp_path / "changed.db"
    make(path, spans=400, sessions=10, until=UNTIL)
    with closing(apsw.Connection(str(path))) as writing:
        (one, other, third) = (row[0] for row in writing.execute("select trace_id from agent_traces limit 3"))
        writing.execute("update agent_traces set kind = 'odd', status = 'lost' where trace_id = ?", (one,))
        writing.execute("update agent_traces set duration_ms = 9e9 where trace_id = ?", (other,))
        writing.execute("update agent_traces set kind = 'own', emitter = 'api' where trace_id = ?", (third,))
    wanted: list[tuple[Mapping[str, Any], str]] = [
        ({"kind": "odd"}, one),
        ({"status": "lost"}, one),
        ({"min_ms": 8e9}, other),
        ({"kind": "own"}, third),
    ]
    with closing(SqliteReadSide(path)) as found:
        for where, entry in wanted:
            assert [entry] == [row["trace_id"] for row in whole(found, lists.entries, where, 1_000)]


def test_hours_before_the_first_entry_are_forgotten(tmp_path: Path) -> None:
    """What retention takes leaves no hours behind, and all that is left is found."""
    path = tmp_path / "old.db"
    make(path, spans=400, sessions=10, until=UNTIL)
    side = SqliteWriteSide(Store(path=path, reserve=0))
    with closing(apsw.Connection(str(path))) as writing:
        (middle,) = next(writing.execute("select timestamp from agent_traces order by timestamp limit 1 offset 200"))
        writing.execute("delete from agent_traces where timestamp < ?", (middle,))
        side.apply(Changes(steps=[Step("forget_entry_hours", {})]))
        (first,) = next(writing.execute("select min(hour) from entry_hours"))
    side.close()

    assert middle[:13] == first


def test_spans_without_a_time_come_last(tmp_path: Path) -> None:
    """They end the list, in pages of any size; asked for a time, none of them is there."""
    path = tmp_path / "timeless.db"
    make(path, spans=400, sessions=10, until=UNTIL)
    timeless = "(id % 40 < 2 or (id % 2 and (status_code = 2 or parent_span_id is null)))"
    with closing(apsw.Connection(str(path))) as writing:
        writing.execute(f"update raw_spans set start_time_unix_nano = null where {timeless}")
        writing.execute("insert into names values ('status', '2', 0, 1, 0)")
        (count,) = next(writing.execute("select count(*) from raw_spans where start_time_unix_nano is not null"))
    with closing(SqliteReadSide(path)) as found:
        for name, where in (("spans", {}), ("spans", {"status": "error"}), ("traces", {})):
            expected = whole(found, LISTS[name], where, 1_000)

            assert expected[0]["timestamp"]
            assert expected[-1]["timestamp"] is None
            for limit in (1, 7, 20):
                assert expected == whole(found, LISTS[name], where, limit)
        assert count == len(whole(found, lists.spans, {"until": "2100-01-01T00:00:00.000000Z"}, 7))


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"tool": "bash"},
        {"agent": "coder"},
        {"since": "2026-08-02T00:00:00.000000Z"},
        {"since": CUT[0], "until": CUT[1]},
        {"since": CUT[0], "until": "2026-08-02T18:00:00.000000Z"},
        {"until": CUT[1], "agent": "coder"},
    ],
)
def test_tools_are_counted(path: Path, side: ReadSide, where: Mapping[str, Any]) -> None:
    """Sums by day, and the parts of days at their ends, give what counting every call gives, durations about."""
    told = {one["name"]: one for one in tool_sums.tools(side, **where)["items"]}
    calls = counted(path, where)

    assert calls.keys() == told.keys()
    for name, found in calls.items():
        times = sorted(found["times"])
        at = {share: times[-(-len(times) * share // 100) - 1] for share in (50, 95, 100)}
        one = told[name]
        assert (found["calls"], found["failures"]) == (one["calls"], one["failures"])
        assert (one["p50_ms"], one["p95_ms"], one["max_ms"]) == pytest.approx((at[50], at[95], at[100]), rel=0.2)
        assert one["total_ms"] == pytest.approx(fmean(times) * len(times))


def test_what_retention_took_is_counted_on(tmp_path: Path) -> None:
    """Days keep counting the calls that are gone, and how long these took."""
    path = tmp_path / "forgotten.db"
    make(path, spans=600, sessions=10, until=UNTIL)
    with closing(SqliteReadSide(path)) as side:
        before = {one["name"]: one for one in tool_sums.tools(side)["items"]}
    with closing(apsw.Connection(str(path))) as writing:
        writing.execute("create table held as select * from tool_days")
        writing.execute("delete from tool_calls where id % 2 = 0 or name = 'bash'")
        writing.execute("delete from tool_days")
        writing.execute("insert into tool_days select * from held")
    with closing(SqliteReadSide(path)) as side:
        after = {one["name"]: one for one in tool_sums.tools(side)["items"]}

    assert before == after


def counted(path: Path, where: Mapping[str, str]) -> dict[str, Any]:
    """Count the calls of each tool one by one."""
    columns = {"tool": "name = ?", "agent": "agent_name = ?", "since": "timestamp >= ?", "until": "timestamp < ?"}
    wanted = " and ".join(["true", *(columns[name] for name in where)])
    found: dict[str, Any] = {}
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as reading:
        for name, failed, ms in reading.execute(
            f"select name, is_error, duration_ms from tool_calls where {wanted}", tuple(where.values())
        ):
            one = found.setdefault(name, {"calls": 0, "failures": 0, "times": []})
            one["calls"] += 1
            one["failures"] += failed
            one["times"].append(ms)
    return found
