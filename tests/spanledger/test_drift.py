"""Mirror `spanledger.drift`: what `doctor` says of updates that took something away, and of work that broke off."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schema.rows import COLUMNS, Batch, Row
from schema.signals import Signal
from spanledger.cli import run
from spanledger.drift import quiet, updates
from spanledger.findings import Finding
from tests.derive.ledgers import DAY, SECOND, Ledger, again, last_time, recorded
from tests.support.corpus import ALL

MINUTE = 60 * SECOND
CLAUDE = "claude-code-both"
VERSION = "2.1.240"
QUIETLY = ("--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
RENAMED = (
    "claude_code 99.0.0 no longer sends input tokens (input_tokens) in log records 'api_request', spans 'llm', "
    "2.1.240 did; since 2026-11-22 13:01:03Z, 132 records; new there: usage.input"
)
REMEDY = (
    "upgrade spanledger; if this stays, file an issue with the output of "
    "`spanledger sql --json \"select * from inventory where source = 'claude_code'\"`"
)

STOPPED = (
    "session 3a6d0c1e-58b7-4f29-8d14-c0ffee000001 of claude_code: spans of model calls and tool calls stopped at "
    "2026-11-21 13:03:33Z, while log records told of 20 more until 2026-11-21 13:33:40Z"
)
RETYPED = (
    "openinference.instrumentation.openai 99.0.0 in openai-openinference sends input tokens "
    "(llm.token_count.prompt) as text in spans 'llm', 0.1.66 as number; since 2026-11-22 00:59:24Z, 84 records"
)
EXPORTER = "check the settings of its exporter of spans (OTEL_TRACES_EXPORTER and the endpoint), and restart it"
BROKEN_OFF = (
    "session 3a6d0c1e-58b7-4f29-8d14-c0ffee000001 of claude_code: nothing since 2026-11-21 13:01:03Z, 11 minutes; "
    "the last was a call of Bash, after which no model was called"
)
WAIT = "see whether the agent waits for you or for a tool; else check the settings of its exporter and restart it"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a new database."""
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def same(told: dict[str, Any]) -> dict[str, Any]:
    """Change nothing."""
    return told


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Give a key another name."""
    return lambda told: {new if key == old else key: value for key, value in told.items()}


def look(ledger: Ledger, now: int) -> list[Finding]:
    """Derive, and say what is not well at a time."""
    ledger.derive(now)
    with ledger.reading() as side:
        return [one for one in (*updates(side), *quiet(side, now)) if one.level != "ok"]


def until(batches: list[Batch], signal: Signal, wanted: Callable[[dict[str, Any]], bool]) -> list[Batch]:
    """Cut a recording off after the first of its rows that is wanted."""
    rows = [
        dict(zip(COLUMNS[signal], row, strict=True))
        for batch in batches
        if batch.signal is signal
        for row in batch.rows
    ]
    end = min(_end(row) for row in rows if wanted(row))

    def is_before(batch: Batch, row: Row) -> bool:
        return _end(dict(zip(COLUMNS[batch.signal], row, strict=True))) <= end

    return [
        replace(batch, rows=[row for row in batch.rows if is_before(batch, row)], fingerprint=None) for batch in batches
    ]


def _end(row: dict[str, Any]) -> int:
    return int(row.get("end_time_unix_nano") or row["time_unix_nano"])


@pytest.mark.parametrize("name", ALL)
def test_no_recording_raises_a_false_alarm(name: str, ledger: Ledger) -> None:
    """Whenever somebody looks, all is well with a recording of work that was done."""
    told = recorded(name)
    ledger.commit(*told)
    end = last_time(told)

    for later in (0, 11 * MINUTE, 25 * MINUTE, 600 * MINUTE):
        assert [] == look(ledger, end + later)


def test_a_renamed_key_is_told_word_by_word(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    """`doctor` says what is missing, where, since when, since which version, what is new, and what to do."""
    first = recorded(CLAUDE)
    ledger.commit(*first)
    for turn in (1, 2, 3):
        change = renamed("input_tokens", "usage.input")
        ledger.commit(*again(first, "99.0.0", change, later=turn * DAY, turn=turn))
    ledger.derive()
    capsys.readouterr()
    run(["doctor", "--db", str(ledger.path), *QUIETLY])
    lines = [line for line in capsys.readouterr().out.splitlines() if "updates" in line]
    run(["doctor", "--json", "--db", str(ledger.path), *QUIETLY])
    told = [one for one in json.loads(capsys.readouterr().out) if one["check"] == "updates"]

    assert [f"warn  updates      {RENAMED} -> {REMEDY}"] == lines
    assert [{"check": "updates", "level": "warn", "text": RENAMED, "remedy": REMEDY}] == told


def test_a_type_that_changed(ledger: Ledger) -> None:
    """A number that became text is told with both types, and with the service that uses the library."""
    first = recorded("openai-openinference")
    ledger.commit(*first)
    key = "llm.token_count.prompt"
    for turn in (1, 2, 3):
        as_text = lambda told: {**told, key: str(told[key])} if key in told else told  # noqa: E731  a step of the test
        ledger.commit(*again(first, "99.0.0", as_text, later=turn * DAY, turn=turn))

    assert [RETYPED] == [one.text for one in look(ledger, last_time(first) + 9 * DAY)]


def test_spans_that_stop_while_log_records_go_on(ledger: Ledger) -> None:
    """The session is named, with when they stopped and what came since."""
    first = recorded(CLAUDE)
    ledger.commit(*first)
    logs = [batch for batch in first if batch.signal is Signal.LOGS]
    later = again(logs, VERSION, same, later=30 * MINUTE)
    ledger.commit(*later)

    found = look(ledger, last_time(later))
    assert Finding("quiet", "warn", STOPPED, EXPORTER) == found[0]
    assert ["quiet", "quiet"] == [one.check for one in found], "the session that goes on from the first is named too"


def test_a_call_that_nothing_follows(ledger: Ledger) -> None:
    """A tool's result that no model was asked about is told after some minutes, not before, and not for ever."""
    told = until(recorded("claude-code-logs"), Signal.LOGS, lambda row: '"tool_result"' in row["attributes"])
    ledger.commit(*told)
    end = last_time(told)

    assert [] == look(ledger, end + 9 * MINUTE)
    assert [Finding("quiet", "warn", BROKEN_OFF, WAIT)] == look(ledger, end + 11 * MINUTE)
    assert [] == look(ledger, end + 40 * MINUTE)
