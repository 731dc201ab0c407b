"""Prove what each command prints and which exit status it gives, with the real service and database."""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from spanledger.cli import run
from spanledger.demo import QUERIES
from tests.support import build
from tests.support.process import Process, command, ready_process
from tests.support.wait import until

CALLS = "select count(*) as n from model_calls"
DEMO_SPANS = 19


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the machine's own database out of reach."""
    monkeypatch.delenv("SPANLEDGER_DB", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Run a collector that has heard the demo."""
    with ready_process(tmp_path_factory.mktemp("db") / "spanledger.db") as running:
        status, _, errors = command("demo", "--db", str(running.db))
        assert status == 0, errors
        yield running


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command in this process: exit status, output, errors."""
    status = run(arguments)
    told = capsys.readouterr()
    return status, told.out, told.err


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run a command that answers in JSON."""
    status, output, errors = outcome(capsys, *arguments, "--json")
    assert status == 0, errors
    return json.loads(output)


def request_file(folder: Path, name: str, *requests: dict[str, Any]) -> Path:
    """Write requests as JSON lines."""
    path = folder / name
    lines = b"".join(json.dumps(request).encode() + b"\n" for request in requests)
    path.write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    return path


def spans(*ids: str) -> dict[str, Any]:
    """Build a request of spans in OTLP JSON."""
    made = [
        {"traceId": "1" * 32, "spanId": each, "name": "chat", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
        for each in ids
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": made}]}]}


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The help lists the commands."""
    status, output, _ = outcome(capsys, "--help")

    assert status == 0
    names = ("serve", "check", "status", "doctor", "demo", "sql", "export", "import", "rejections")
    for name in (*names, "sessions", "session", "trace", "jobs", "job", "tools"):
        assert f"\n  {name} " in output


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["sql"],
        ["sql", "select 1", "--json", "--csv"],
        ["check", "--set", "x"],
        ["rejections", "replay"],
        ["rejections", "replay", "1", "--all"],
        ["export", "a", "--output", "b"],
    ],
)
def test_wrong_usage(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is exit status 2."""
    status, _, errors = outcome(capsys, *arguments)

    assert status == 2
    assert "Error: " in errors


def test_check_prints_what_is_in_force(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` prints the configuration with secrets masked."""
    monkeypatch.setenv("SPANLEDGER_COLLECTOR__TOKENS", "hush")
    status, output, _ = outcome(capsys, "check", "--grpc", "off")

    assert status == 0
    assert 'endpoint = "off"  # from --grpc' in output
    assert "hush" not in output
    assert answer(capsys, "check")["config"]["collector"]["tokens"] == ["**********"]


def test_shared_secret_is_warned_of(daemon: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` and `serve` warn of a file with tokens that others can read; the answer itself stays as it is."""
    file = tmp_path / "shared.toml"
    file.write_text('[collector]\ntokens = ["hush"]\n')
    file.chmod(0o644)
    status, output, errors = outcome(capsys, "check", "--config", str(file), "--json")
    busy, _, log = command("serve", "--config", str(file), "--db", str(daemon.db), "--grpc", "127.0.0.1:0")

    assert (0, True, 3) == (status, json.loads(output)["valid"], busy)
    assert f"Warning: {file}: holds collector.tokens and can be read by other users" in errors
    assert "hush" not in output + errors + log
    assert ["warning"] == [json.loads(line)["level"] for line in log.splitlines() if "other users" in line]


@pytest.mark.parametrize("name", ["check", "serve", "status", "doctor"])
def test_mistakes_are_told_one_a_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command refuses a wrong configuration with all of its mistakes and exit status 2."""
    status, output, errors = outcome(capsys, name, "--set", "logs.level=loud", "--set", "store.cache=much")

    assert status == 2
    told = (output + errors).splitlines()
    assert 1 == sum("logs.level: " in line for line in told)
    assert 1 == sum("store.cache: " in line for line in told)


@pytest.mark.parametrize(
    "arguments", [["status"], ["sql", "select 1"], ["export"], ["rejections"], ["rejections", "show", "1"]]
)
def test_no_database(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a database the reading commands say so with exit status 4."""
    status, output, errors = outcome(capsys, *arguments)

    assert (4, "") == (status, output)
    assert errors.startswith("Error: there is no database at ")


def test_second_daemon(daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """A second daemon on the same database names the first and gives exit status 3."""
    status, _, errors = command("serve", "--db", str(daemon.db), "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0")

    assert status == 3
    assert f"process {daemon.pid}" in errors
    assert "Traceback" not in errors + capsys.readouterr().err


def test_status(daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """`status` says how the work stands, `--verbose` also who runs where and how the books stand; JSON has all."""
    facts = answer(capsys, "status", "--db", str(daemon.db))
    status, output, _ = outcome(capsys, "status", "--db", str(daemon.db))
    _, more, _ = outcome(capsys, "status", "--verbose", "--db", str(daemon.db))

    assert (True, daemon.pid, daemon.ready["grpc"]) == (facts["running"], facts["pid"], facts["grpc"])
    received = [(line["signal"], line["transport"]) for line in facts["ledger"]]
    assert {(signal, way) for signal in ("traces", "logs", "metrics") for way in ("grpc", "http")} <= set(received)
    assert facts["last_received_unix_nano"] > 0
    assert status == 0
    assert f"collector: running, process {daemon.pid}" in output
    assert output.startswith("jobs today: ")
    assert len(output.splitlines()) < 15
    assert more.startswith(output)
    assert "transport" in more
    assert facts["work"]["jobs"] >= 0
    assert facts["index"].keys() == {"exists", "behind", "unread"}
    assert "index       " in more


def test_doctor(daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """`doctor` looks at everything and finds the collector well."""
    ready = daemon.ready
    found = answer(capsys, "doctor", "--db", str(daemon.db), "--grpc", ready["grpc"], "--http", ready["http"])

    levels = {finding["check"]: finding["level"] for finding in found}
    wanted = "sqlite database collector grpc http exposure disk filesystem durability clock search"
    assert set(wanted.split()) <= set(levels)
    assert {"ok"} == {levels[name] for name in ("sqlite", "collector", "grpc", "http", "durability", "clock")}


def test_doctor_tells_of_a_folder_that_others_may_write_to(daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever may write to it may put another database in the place of ours; a sticky folder keeps them from it."""
    folder = daemon.db.parent
    before = folder.stat().st_mode & 0o7777
    told = {}
    for mode in (0o700, 0o770, 0o1777):
        folder.chmod(mode)
        _, output, _ = outcome(capsys, "doctor", "--db", str(daemon.db))
        told[mode] = f"chmod go-w {folder}" in output
    folder.chmod(before)

    assert {0o700: False, 0o770: True, 0o1777: False} == told


def test_doctor_names_who_holds_a_port(daemon: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A port that another program holds is a failure with that program's name and exit status 1."""
    database = str(tmp_path / "other.db")
    status, output, _ = outcome(capsys, "doctor", "--db", database, "--http", daemon.ready["http"])

    assert status == 1
    assert f"{daemon.ready['http']} is in use by process {daemon.pid}" in output


def test_demo_without_collector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`demo` says that nobody listens."""
    status, _, errors = outcome(capsys, "demo", "--db", str(tmp_path / "x.db"), "--grpc", "127.0.0.1:1")

    assert status == 1
    assert "no collector answers at 127.0.0.1:1" in errors


def test_demo_queries(daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """The queries that `demo` proposes answer what they are about."""
    until(lambda: [9] == [row["n"] for row in answer(capsys, "sql", CALLS, "--db", str(daemon.db))])
    agents, tools, tokens = (answer(capsys, "sql", query, "--db", str(daemon.db)) for query in QUERIES.values())

    assert ["hotel-scout", "trip-planner", "code-helper"] == [row["name"].split()[1] for row in agents]
    assert {"find_trains": 1} == {row["tool"]: row["failed"] for row in tools if row["failed"]}
    assert [5, 4] == [row["calls"] for row in tokens]


def test_sql_forms(daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """`sql` answers as a table, JSON and CSV, and lets no text drive the terminal."""
    query = "select 1 as n, null as nil, x'00ff' as raw, char(27, 155) || '[31m' as evil"
    database = ("--db", str(daemon.db))
    _, shown, _ = outcome(capsys, "sql", query, *database)
    _, written, _ = outcome(capsys, "sql", query, *database, "--csv")

    (row,) = answer(capsys, "sql", query, *database)
    assert {"n": 1, "nil": None, "raw": "00ff", "evil": "\x1b\x9b[31m"} == row
    assert ["n  nil  raw   evil", "1       00ff  \\x1b\\x9b[31m"] == [shown.splitlines()[at] for at in (0, 2)]
    assert [["n", "nil", "raw", "evil"], ["1", "", "00ff", "\x1b\x9b[31m"]] == list(csv.reader(io.StringIO(written)))
    assert [] == answer(capsys, "sql", "select 1 where 0", *database)


def test_csv_runs_nothing(daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """In CSV a text that begins like a formula is quoted after an apostrophe; numbers and other text stay."""
    query = (
        """select -1 as n, -1.5 as f, '=1' as "+f", '@"a"' as b, char(13) as c, char(9) as d, '-' as e, 'a-=' as g"""
    )
    _, written, _ = outcome(capsys, "sql", query, "--db", str(daemon.db), "--csv")
    _, empty, _ = outcome(capsys, "sql", "select null as n", "--db", str(daemon.db), "--csv")

    row = '-1,-1.5,"\'=1","\'@""a""","\'\r","\'\t","\'-",a-='
    assert f'n,f,"\'+f",b,c,d,e,g\n{row}\n' == written
    assert 'n\n""\n' == empty


@pytest.mark.parametrize("query", ["selec", "delete from spans", "select * from nowhere", "attach 'x' as y"])
def test_sql_refused(query: str, daemon: Process, capsys: pytest.CaptureFixture[str]) -> None:
    """A query that is wrong or would write is refused in one sentence with exit status 1."""
    status, output, errors = outcome(capsys, "sql", query, "--db", str(daemon.db))

    assert (1, "") == (status, output)
    assert errors.startswith("Error: ")
    assert 1 == errors.count("\n")


def test_export_and_import(daemon: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is exported is imported into another collector whole, and a second time changes nothing."""
    target = tmp_path / "all.jsonl.gz"
    assert 0 == outcome(capsys, "export", str(target), "--db", str(daemon.db))[0]
    assert 0o600 == target.stat().st_mode & 0o777
    with ready_process(tmp_path / "other.db") as other:
        for _ in range(2):
            told = answer(capsys, "import", str(target), "--db", str(other.db))
            assert (1, 0, []) == (told["files"], told["rejected"], told["problems"])
        before = answer(capsys, "sql", "select trace_id, span_id, attributes from spans", "--db", str(daemon.db))
        after = answer(capsys, "sql", "select trace_id, span_id, attributes from spans", "--db", str(other.db))

    assert len(after) == DEMO_SPANS
    assert before == after


def test_export_of_one_signal(daemon: Process) -> None:
    """`export` writes only the signals that are asked for, to standard output unless told otherwise."""
    status, output, errors = command("export", "--signal", "logs", "--db", str(daemon.db))

    assert (0, "") == (status, errors)
    assert {"resourceLogs"} == {key for line in output.splitlines() for key in json.loads(line)}


def test_failed_export_leaves_nothing(daemon: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be written is an error that names it, and nothing is left behind."""
    target = tmp_path / "none" / "all.jsonl"
    status, _, errors = outcome(capsys, "export", str(target), "--db", str(daemon.db))

    assert status == 1
    assert f"{target} cannot be written" in errors
    assert [] == list(tmp_path.iterdir())


def test_import_into_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a collector, files go into the database under its lock."""
    request_file(tmp_path, "a.jsonl", spans("1" * 16), spans("2" * 16, "3" * 16))
    request_file(tmp_path, "b.jsonl.gz", spans("3" * 16))
    (tmp_path / "001-traces.pb").write_bytes(build.traces(build.span()).SerializeToString())
    (tmp_path / "meta.json").write_text("{}\n")
    database = tmp_path / "x.db"

    told = answer(capsys, "import", str(tmp_path), "--db", str(database))

    assert (3, 4, 4, 1) == tuple(told[key] for key in ("files", "requests", "stored", "duplicate"))
    assert [str(tmp_path / "meta.json")] == told["skipped"]
    assert [{"n": 4}] == answer(capsys, "sql", "select count(*) as n from spans", "--db", str(database))


def test_import_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is exit status 4, before anything is sent."""
    status, _, errors = outcome(capsys, "import", str(tmp_path / "none.jsonl"))

    assert status == 4
    assert "none.jsonl" in errors


def test_rejections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A refused item is listed, shown, and sent again, which changes nothing while it is still wrong."""
    wrong = spans("4" * 16, "zz")
    with ready_process(tmp_path / "x.db") as daemon:
        database = ("--db", str(daemon.db))
        status, _, errors = outcome(capsys, "import", str(request_file(tmp_path, "a.jsonl", wrong)), *database)
        assert status == 1
        assert "1 items refused" in errors
        (listed,) = answer(capsys, "rejections", *database)
        shown = answer(capsys, "rejections", "show", str(listed["id"]), *database)
        assert "zz" in shown["payload"]
        assert 4 == outcome(capsys, "rejections", "show", "99", *database)[0]
        status, output, _ = outcome(capsys, "rejections", "replay", "--all", *database)

    assert status == 1
    assert f"{listed['id']}: still not kept" in output
