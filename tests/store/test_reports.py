"""Mirror `store.reports`: every question is planned well in all its shapes, complete and explained."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import apsw
import pytest

from api import joins
from schema import migrate
from store import derived, reports
from store.reports import BOOK, JOINS, PAGES, REPORTS, names_in, question

FOLDER = Path(reports.__file__).parent
ALWAYS = {"limit", "offset"}

BY_ID = {
    "id",
    "session",
    "job",
    "trace",
    "prefix",
    "key",
    "tool",
    "plan",
    "experiment",
    "run",
    "debug",
    "issue",
    "skill",
}
"""Values that name something: a question about it must not look at everything else."""

HARMLESS = re.compile("VIRTUAL|CONSTANT|SCAN [(]subquery|SCAN (told|c|found|some|tool_days)$")
"""A list in JSON, a row of values, what another line finds, and tools added up by day: some hundred rows a day."""

LISTS = {
    "sessions",
    "active_sessions",
    "entries",
    "newest_entries",
    "entries_end",
    "jobs",
    "running_jobs",
    "durations",
    "session_durations",
    "daily",
    "plans",
    "refactors",
    "debug_sessions",
    "experiments",
    "runs",
    "summaries",
    "issue_work",
    "skill_usage",
    "projects",
    "mirrored_sessions",
    "mirror_troubles",
    "project_paths",
    "session_list",
    "traces",
    "spans",
    "logs",
    "points",
    "model_calls",
    "tool_calls",
    "events",
    "subagents",
    "agent_runs",
    "rejections",
    "daily_page",
    "plan_keys",
    "work_sessions",
}
"""Questions that walk along an index from its end until the page is full."""

COUNTS_EVERYTHING = {"tools", "agents", "tool_durations", "agent_claims", "agent_usage", "overall", "unpriced"} | {
    "project_costs",
    "overall_stats",
    "plan_status",
    "runs_export",
    "standing",
    "going_on",
    "anything",
    "known_projects",
    "known_models",
    "known_phases",
    "rejection_reasons",
    "tool_day_sums",
    "tool_part_sums",
    "names",
    "span_hours",
    "tool_call_days",
    "model_call_days",
    "books",
    "stored_rows",
    "newest_calls",
    "usage",
    "daily_usage",
    "tool_usage",
    "daily_tool_usage",
    "used_by_models",
    "used_by_tools",
    "counted_sessions",
    "counted_jobs",
    "spent_by_day",
    "spent_by_model",
    "spent_by_agent",
    "spent_by_project",
    "costliest_sessions",
    "tool_shares",
    "tool_results",
    "refused_by_reason",
    "keys_watched",
    "senders",
    "newest_refused",
    "newest_sweeps",
    "kept_for_good",
    "tools_since",
    "spent",
    "newest_received",
    "cost_by_agent",
    "cost_by_day",
    "cost_by_model",
    "cost_by_project",
}
"""Questions whose answer without a filter is about all rows, and which have few rows or an index of their own."""


SMALL = re.compile(
    "model_prices|SCAN (resources|known)( |$)|SCAN (export_cursors|job_subagents|ingest_rejections|ledger)( |$)"
)
"""Tables of some thousand rows, and lists in the order of their numbers."""


@pytest.fixture(scope="module")
def connection() -> apsw.Connection:
    """Open a database with every table."""
    made = apsw.Connection(":memory:")
    migrate.migrate(made)
    return made


def shapes(name: str) -> Iterator[frozenset[str]]:
    """Give the filters of a question: none, each alone, all."""
    optional = names_in(REPORTS[name]) - ALWAYS
    return chain([frozenset[str](), frozenset(optional)], (frozenset([one]) for one in optional))


def plan(connection: apsw.Connection, name: str, given: frozenset[str]) -> list[str]:
    """Say how SQLite answers a question."""
    values = dict.fromkeys(given | (names_in(REPORTS[name]) & ALWAYS), 1)
    statement, bound = question(name, values)
    return [row[3] for row in connection.execute(f"explain query plan {statement}", bound)]


@pytest.mark.parametrize("name", list(REPORTS))
def test_no_question_scans_a_table(connection: apsw.Connection, name: str) -> None:
    """In every shape rows are found by an index; only lists walk along one, and sums over everything are on a list."""
    for given in shapes(name):
        found = plan(connection, name, given)
        scans = [
            line for line in found if line.startswith("SCAN ") and not HARMLESS.search(line) and not SMALL.search(line)
        ]
        if name in LISTS and not given & BY_ID - {"tool"}:
            assert all("INDEX" in line or "open_jobs" in line for line in scans), (given, found)
        elif name not in COUNTS_EVERYTHING or given & BY_ID:
            assert not scans, (given, found)


@pytest.mark.parametrize("name", sorted(LISTS - {"running_jobs"}))
def test_lists_are_not_sorted(connection: apsw.Connection, name: str) -> None:
    """A page of a list is read in the order of an index: a million rows cost no more; what one thing has is few."""
    for given in shapes(name):
        if not (name in reports.LISTS and given & BY_ID) and "seldom" not in given:
            assert not [line for line in plan(connection, name, given) if "TEMP B-TREE FOR ORDER" in line], given


@pytest.mark.parametrize(
    ("file", "loaded"),
    [
        (
            "reports.sql",
            {
                name: REPORTS[name]
                for name in REPORTS.keys() - JOINS.keys() - BOOK.keys() - PAGES.keys() - reports.LISTS.keys()
            },
        ),
        ("lists.sql", reports.LISTS),
        ("book.sql", BOOK),
        ("joins.sql", JOINS),
        ("pages.sql", PAGES),
        ("changes.sql", derived.STEPS),
    ],
)
def test_nothing_in_the_file_is_overlooked(file: str, loaded: dict[str, str]) -> None:
    """Every name in the file is loaded, every statement has a name and a sentence."""
    text = (FOLDER / file).read_text()

    assert set(loaded) == set(re.findall(r"^-- name: (\w+)$", text, re.MULTILINE))
    assert all(re.search(rf"-- name: {name}\n-- [A-Z].*[.]\n", text) for name in loaded)


def test_changes_can_be_prepared(connection: apsw.Connection) -> None:
    """Every statement of a program's changes names tables and columns that there are."""
    for name, statement in derived.STEPS.items():
        values = dict.fromkeys(names_in(statement), 1)
        scans = [row[3] for row in connection.execute(f"explain query plan {statement}", values)]
        assert not [
            line
            for line in scans
            if line.startswith("SCAN")
            and not any(
                word in line
                for word in ("VIRTUAL", "CONST", "model_prices", "export_cursors", "SCAN names", "SCAN entry_hours")
            )
        ], name


def test_a_condition_goes_with_its_value() -> None:
    """A condition of several lines is left out whole, and one without values always stays."""
    bare, _ = question("entries", {"limit": 1, "offset": 0})
    full, _ = question("entries", {"limit": 1, "offset": 0, "text": "x", "session": "s"})
    fixed, _ = question("tool_durations", {"tool": "t"})

    assert "like" not in bare
    assert ":session" not in bare
    assert 8 == full.count("like :text")
    assert "duration_ms is not null" in fixed


def test_every_question_is_bounded() -> None:
    """A question that may have many rows takes a limit."""
    single = {"session", "job", "running_job", "entry", "setting", "overall", "agent_claims", "agent_usage", "behind"}
    single |= {join.statement for join in joins.JOINS.values() if not join.is_list}
    single |= {"plan", "task", "refactor", "debug", "experiment", "run", "work", "project"} | {
        "plan_status",
        "runs_export",
        "standing",
    }
    single |= {"spent", "tools_since", "going_on", "anything", "session_sums", "job_neighbours", "trace_extent"}
    single |= {"newest_ids", "entries_end"}
    single |= {"whole_span", "log", "point", "model_call", "tool_call", "agent_run", "rejection"}
    single |= {"trace_version", "trace_tree", "trace_parts", "books", "stored_rows", "newest_calls"}
    single |= {"used_by_models", "used_by_tools", "counted_sessions", "counted_jobs"}
    single |= {"refused", "refused_tally", "newest_received"}
    single |= {"service_known", "uncounted_spans", "calls_of_tool"}
    by_model = {"session_models", "job_models", "jobs_by_hour"}
    by_time = {"span_hours", "uncounted_hours", "entry_hours", "model_call_days", "tool_call_days"}
    by_tool = {"tool_day_sums", "tool_part_sums", "tool_durations"}

    assert single | by_model | by_time | by_tool == {name for name in REPORTS if ":limit" not in REPORTS[name]}
