"""The command line, the log and the configuration among hostile things: rows 48, 49, 76, 81, 82 and 93."""

import os
import pty
import signal as signals
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import orjson
import pytest

from core.errors import Refused
from schema.signals import Signal
from store.reading import SqliteReadSide
from tests.support import build
from tests.support.clients import JSON, post, raw, request
from tests.support.peak import reach
from tests.support.process import Process, command, launch, ready_process
from tests.support.service import Running

CONTROLS = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp \x00 \r forged \x08\x7f"
FORMULAS = ["=cmd|' /C calc'!A1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1"]
HARMFUL = [chr(code) for code in (*range(9), *range(11, 32), *range(0x7F, 0xA0), 0x202E, 0x2066)]
COMMANDS = [
    ["sql", "select name, attributes from spans"],
    ["sql", "select name from spans", "--json"],
    ["rejections", "list"],
    ["rejections", "show", "1"],
    ["status"],
    ["export"],
]
REDRAW = "\r\x1b[K"
"""How progress starts its line anew; the only sequence that we send ourselves."""
FORBIDDEN = [
    "vacuum into '/tmp/spanledger-stolen.db'",
    "attach '/tmp/spanledger-other.db' as other",
    "pragma journal_mode = delete",
    "pragma writable_schema = 1",
    "insert into resources values (1, '', '', 0, '', null)",
    "delete from raw_spans",
    "drop table raw_spans",
    "create table t (x)",
    "create temp table t (x)",
    "begin immediate",
    "select load_extension('/tmp/evil.so')",
    "select writefile('/tmp/spanledger-stolen', 'x')",
    "select readfile('/etc/passwd')",
    "select edit('x')",
]
ENDLESS = {
    "recursion": "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n",
    "text": "with recursive n(i) as (select 'x' union all select i || i from n) select max(length(i)) from n",
    "product": "select count(*) from raw_spans a, raw_spans b, raw_spans c, raw_spans d, raw_spans e, raw_spans f",
    "blob": "select length(randomblob(1000000000))",
    "zeros": "select length(zeroblob(1000000000))",
    "print": "select length(printf('%.*c', 1000000000, 'x'))",
}
BROKEN = {
    "not TOML": ("[collector\ngrpc = 1", "line 1"),
    "a line further down": ("[store]\ndurability = 'full'\npath = \n", "line 3"),
    "unknown key": ("[collector.limits]\nrequest_byte = 5\n", "collector.limits.request_byte"),
    "unknown section": ("[colector]\nx = 1\n", "colector"),
    "wrong unit": ("[store]\ncache = '5 parsecs'\n", "store.cache"),
    "wrong type": ("[collector]\ntokens = 5\n", "collector.tokens"),
    "both off": ("[collector.grpc]\nendpoint = 'off'\n[collector.http]\nendpoint = 'off'\n", "both off"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Run a daemon that holds a span and a refused span full of control characters."""
    with ready_process(tmp_path_factory.mktemp("db") / "hostile.db") as daemon:
        pairs = build.attributes({CONTROLS: CONTROLS})
        spans = [build.span(name=CONTROLS, attributes=pairs), build.span(name=CONTROLS, trace_id=b"", attributes=pairs)]
        assert post(reach(daemon), "/v1/traces", build.traces(*spans).SerializeToString()).status == 200
        yield daemon


def on_terminal(*words: str) -> tuple[int, str]:
    """Run a command whose output goes to a terminal; give its exit status and what the terminal got."""
    master, slave = pty.openpty()
    with launch(*words, stdout=slave, stderr=slave) as run, os.fdopen(master, "rb", buffering=0) as screen:
        os.close(slave)
        shown = b""
        with suppress(OSError):  # how Linux says that nobody writes any more
            while part := screen.read(65_536):
                shown += part
        return run.wait(20), shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("words", COMMANDS, ids=[" ".join(words[:2]) for words in COMMANDS])
def test_row_48_what_is_printed_cannot_drive_a_terminal(hostile: Process, words: list[str]) -> None:
    """Whatever names and prompts hold, the command line writes no control character but the end of a line."""
    code, shown = on_terminal(*words, "--db", str(hostile.db))

    assert code == 0, shown
    assert [mark for mark in HARMFUL if mark in shown.replace(REDRAW, "")] == []


def test_row_48_row_49_the_log_stays_one_harmless_line_a_record(hostile: Process) -> None:
    """Whatever paths, headers, bodies and items hold, each line of the log is one JSON object without controls."""
    before = len(hostile.lines)
    odd = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": CONTROLS, "traceId": CONTROLS}]}]}]})
    post(reach(hostile), "/v1/traces", odd, JSON)
    post(reach(hostile), "/v1/traces", CONTROLS.encode())
    request(reach(hostile), "POST", "/%1b%5b2J%0aforged", b"", {"X-Odd": "a", "Content-Type": "\x7f\x9b31m"})
    for path in (b"/\x1b[2J", b"/a\rb", b"/\xff"):
        raw(reach(hostile), b"GET " + path + b" HTTP/1.1\r\nHost: \x9b31m.evil\r\n\r\n", timeout=1)
    raw(reach(hostile), b"\x1b]0;owned\x07\r\n\r\n", timeout=1)
    lines = hostile.lines[before:]

    assert all(isinstance(orjson.loads(line), dict) for line in lines)
    assert [mark for mark in HARMFUL if mark in "".join(lines)] == []
    assert "forged" not in "".join(lines)


def test_row_76_a_table_of_values_runs_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    """In CSV a text that a spreadsheet would take for a formula has an apostrophe before it."""
    with ready_process(tmp_path / "formulas.db") as daemon:
        spans = [build.span(name=text) for text in FORMULAS]
        assert post(reach(daemon), "/v1/traces", build.traces(*spans).SerializeToString()).status == 200
        code, output, errors = command("sql", "select name from spans order by id", "--csv", "--db", str(daemon.db))

    assert code == 0, errors
    for text in FORMULAS:
        assert f"'{text}" in output


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_row_81_a_query_reads_and_does_nothing_else(service: Running, statement: str) -> None:
    """Writing, attaching, vacuuming into a file and loading code are refused; nothing of it happens."""
    with closing(SqliteReadSide(service.db)) as reader, pytest.raises(Refused):
        list(reader.query(statement))

    assert not list(Path("/tmp").glob("spanledger-stolen*"))
    assert not Path("/tmp/spanledger-other.db").exists()


@pytest.mark.parametrize("kind", ENDLESS)
def test_row_81_a_query_ends_in_time_and_takes_little(service: Running, kind: str) -> None:
    """What would run for ever is stopped at the deadline, and what would take a gigabyte is too much."""
    body = build.body(Signal.TRACES, 512)
    assert post(service, "/v1/traces", body).status == 200
    with closing(SqliteReadSide(service.db, deadline_s=0.5)) as reader, pytest.raises(Refused):
        list(reader.query(ENDLESS[kind]))


@pytest.mark.parametrize("name", [".", "missing/folder/x.jsonl", "/proc/self/x.jsonl"])
def test_row_82_a_file_that_cannot_be_made_is_said_so(hostile: Process, tmp_path: Path, name: str) -> None:
    """An export to a place that is none fails with a sentence, and leaves no half of a file behind."""
    code, _, errors = command("export", str(tmp_path / name), "--db", str(hostile.db))

    assert code == 1
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".", "missing/folder/x.db", "/proc/self/x.db", "/dev/null"])
def test_row_82_a_backup_goes_to_an_ordinary_file_only(hostile: Process, tmp_path: Path, name: str) -> None:
    """A folder, a device and a place that is none are refused with a sentence, and stay what they are."""
    code, _, errors = command("backup", str(tmp_path / name), "--db", str(hostile.db))

    assert code in {1, 2}
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
    assert Path("/dev/null").is_char_device()


def test_row_82_a_link_is_replaced_and_not_followed(hostile: Process, tmp_path: Path) -> None:
    """A backup to a link takes the link's place; what it led to is not written to."""
    precious, link = tmp_path / "precious", tmp_path / "copy.db"
    precious.write_text("precious")
    link.symlink_to(precious)
    code, _, _ = command("backup", str(link), "--db", str(hostile.db))

    assert code == 0
    assert (precious.read_text(), link.is_symlink()) == ("precious", False)


@pytest.mark.parametrize("kind", BROKEN)
def test_row_93_a_broken_configuration_stops_the_start(tmp_path: Path, kind: str) -> None:
    """The start ends with status 2 and says where the mistake is."""
    text, told = BROKEN[kind]
    file = tmp_path / "spanledger.toml"
    file.write_text(text)
    code, _, errors = command("serve", "--config", str(file), "--db", str(tmp_path / "x.db"))

    assert code == 2
    assert told in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "x.db").exists()


def test_row_93_a_hangup_does_not_end_it(tmp_path: Path) -> None:
    """A daemon whose terminal goes away, or who is told to read its configuration again, serves on."""
    with ready_process(tmp_path / "hup.db") as daemon:
        daemon.signal(signals.SIGHUP)
        with suppress(subprocess.TimeoutExpired):
            daemon.wait(0.5)

        assert daemon.code is None
        assert post(reach(daemon), "/v1/traces", build.body(Signal.TRACES)).status == 200


def test_row_93_a_secret_that_everybody_can_read_is_warned_of(tmp_path: Path) -> None:
    """A configuration that holds a token and can be read by other users is warned of or refused."""
    file = tmp_path / "spanledger.toml"
    file.write_text('[collector]\ntokens = ["xx_ing_0123456789abcdef"]\n')
    file.chmod(0o644)
    code, output, errors = command("check", "--config", str(file))

    assert "xx_ing" not in output + errors
    assert code == 2 or "other users" in output + errors
