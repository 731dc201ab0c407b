"""Connections that are many, slow, half open or never end: rows 25, 26 and 28 to 32."""

import http.client
import resource
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from schema.signals import WIRE, Signal
from tests.support import build, http2
from tests.support.clients import channel, export, post, request
from tests.support.neighbours import rows
from tests.support.peak import MIB, peak_of, pulse_of, reach
from tests.support.process import ROOT, Process, launch, ready_process
from tests.support.wait import until

PATIENCE_S = 2.0
HELD = 59 * MIB
SOFT, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n"
LIMITS: dict[str, Any] = {
    "collector__limits__header_timeout": PATIENCE_S,
    "collector__limits__body_timeout": PATIENCE_S,
}


@pytest.fixture(scope="module", autouse=True)
def many_files() -> Iterator[None]:
    """Allow this process, and the daemons that it starts, as many files as the system does."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (HARD, HARD))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD))


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Run a daemon that waits two seconds for headers, and two for a body."""
    with ready_process(tmp_path_factory.mktemp("db") / "daemon.db", **LIMITS) as found:
        yield found


@contextmanager
def opened(port: int, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """Hold many connections, on each of which something was sent."""
    with ExitStack() as stack:
        sockets = []
        for _ in range(count):
            connection = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=10)))
            with suppress(ConnectionError):
                connection.sendall(sent)
            sockets.append(connection)
        yield sockets


def hung_up(connection: socket.socket) -> bool:
    """Say whether the other side has closed a connection."""
    connection.setblocking(False)
    try:
        return connection.recv(65_536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("count", [20, 500])
def test_row_25_too_much_metadata_is_refused_before_the_body(daemon: Process, count: int) -> None:
    """80 KB of metadata, and 2 MB of it, exhaust the caller's room and not ours."""
    metadata = tuple((f"x-{number}", "v" * 4000) for number in range(count))
    with peak_of(daemon) as peak:
        reply = export(reach(daemon), Signal.TRACES, build.body(Signal.TRACES), metadata=metadata)

    assert reply.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert peak.growth < 16 * MIB
    assert export(reach(daemon), Signal.TRACES, b"").code is grpc.StatusCode.OK


def test_row_26_headers_that_never_end_are_cut_off(daemon: Process) -> None:
    """Of 1,500 half-open connections at most 1,024 are held, for as long as headers may take; others are served."""
    slow = HEAD + b"X-Slow: "
    with pulse_of(daemon) as pulse, peak_of(daemon) as peak, opened(daemon.http, 1500, slow) as sockets:
        held = daemon.fds()
        took_s = until(lambda: all(hung_up(connection) for connection in sockets), within_s=PATIENCE_S + 5)

    assert held < 1024 + 100
    assert took_s < PATIENCE_S + 3
    assert pulse.errors == []
    assert pulse.share(0.9) < 0.05
    assert peak.growth < 55 * MIB


def test_row_26_the_headers_of_a_second_request_are_cut_off_too(daemon: Process) -> None:
    """A connection that was used once has no longer to send its next headers."""
    with socket.create_connection(("127.0.0.1", daemon.http), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(HEAD + b"X-Slow: ")

        assert until(lambda: hung_up(connection), within_s=20) < PATIENCE_S + 3


def test_row_28_messages_that_never_end_are_bounded(daemon: Process) -> None:
    """Eight uploads that stop at 59 of 60 MB stay within memory, are ended in time, and keep nobody waiting."""
    part = http2.framed(bytes(HELD), announced=60 * MIB)
    with peak_of(daemon), ThreadPoolExecutor(8) as pool:
        held = [pool.submit(hold, daemon, part) for _ in range(8)]
        with channel(reach(daemon)) as open_channel:
            export_: Any = open_channel.unary_unary(f"/{WIRE[Signal.TRACES].service}/Export")
            answers = [export_(build.body(Signal.TRACES), timeout=10) for _ in range(20)]
        ended = [one.result() for one in held]

    assert answers == [b""] * 20
    assert {code for code, _ in ended} <= {3, 14}
    assert max(after_s for _, after_s in ended) < PATIENCE_S + 15


def test_row_29_silent_connections_cost_little(daemon: Process) -> None:
    """5,000 connections on which nobody speaks HTTP/2 cost 55 MB at most and disturb nobody."""
    count = min(5000, HARD - 1000)
    with peak_of(daemon) as peak, opened(daemon.grpc, count), channel(reach(daemon)) as open_channel:
        export_: Any = open_channel.unary_unary(f"/{WIRE[Signal.TRACES].service}/Export")
        export_(b"", timeout=10)
        began = time.monotonic()
        for _ in range(20):
            export_(build.body(Signal.TRACES), timeout=10)
        took_s = time.monotonic() - began

    assert took_s < 2
    assert peak.growth < 55 * MIB


def test_row_30_rapid_resets_disturb_nobody(daemon: Process) -> None:
    """While one client opens and resets streams as fast as it can, another's calls all succeed, and soon."""
    command = [sys.executable, "-m", "tests.support.rapid_reset", str(daemon.grpc), "4"]
    times = []
    with channel(reach(daemon)) as open_channel, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as attack:
        export_: Any = open_channel.unary_unary(f"/{WIRE[Signal.TRACES].service}/Export")
        while attack.poll() is None:
            began = time.perf_counter()
            assert export_(build.body(Signal.TRACES), timeout=10) == b""
            times.append(time.perf_counter() - began)
        assert attack.stdout is not None
        streams = int(attack.stdout.read())

    assert streams > 4_000
    assert sorted(times)[len(times) * 99 // 100] < 0.5


def test_row_31_without_files_to_open_old_connections_are_served(tmp_path: Path) -> None:
    """When no more connections can be accepted the old ones go on, and new ones are taken as soon as there is room."""
    with ready_process(tmp_path / "few.db") as few, closing(http.client.HTTPConnection("127.0.0.1", few.http)) as old:
        old.connect()
        assert ask(old, build.body(Signal.TRACES)) == 200
        resource.prlimit(few.pid, resource.RLIMIT_NOFILE, (few.fds() + 10, HARD))
        with opened(few.http, 40):
            until(lambda: bool(few.lines[1:]), within_s=10)
            answers = [ask(old, body) for body in bodies(5)]
        until(lambda: new_connection_works(few), within_s=10)

    assert answers == [200] * 5


def test_row_31_without_files_to_open_the_log_stays_short(tmp_path: Path) -> None:
    """That no more connections can be accepted is said once a minute and not for each of them."""
    with ready_process(tmp_path / "few.db") as few:
        resource.prlimit(few.pid, resource.RLIMIT_NOFILE, (few.fds() + 10, HARD))
        with opened(few.http, 40):
            until(lambda: bool(few.lines[1:]), within_s=10)
            threading.Event().wait(1.5)
    told = len(few.lines)

    assert told <= 5


def test_row_32_a_slow_reader_of_an_export_costs_little(tmp_path: Path) -> None:
    """An export of 80 MB whose reader stops reading holds a part of it, and takes nothing from those who send."""
    prompt = build.attributes({"gen_ai.prompt": "語" * (4 * MIB // 3)})
    with ready_process(tmp_path / "big.db") as big:
        for _ in range(20):
            assert (
                post(reach(big), "/v1/traces", build.traces(build.span(attributes=prompt)).SerializeToString()).status
                == 200
            )
        with launch("export", "--db", str(big.db), stdout=subprocess.PIPE) as export_:
            assert export_.stdout is not None
            assert export_.stdout.read(1000).startswith(b'{"resourceSpans"')
            highest = peak_of_pid(export_.pid)
            answers = [post(reach(big), "/v1/traces", body).status for body in bodies(5)]
            export_.kill()

    assert answers == [200] * 5
    assert highest < 160 * MIB, f"{highest // MIB} MiB"


def test_row_32_a_slow_reader_over_http_is_dropped_in_time(tmp_path: Path) -> None:
    """An export over HTTP goes in chunks: five readers that take nothing of 20 MB cost little, and are hung up on."""
    prompt = build.attributes({"gen_ai.prompt": "語" * (MIB // 15)})
    spans = [build.span(attributes=prompt) for _ in range(20)]
    with ready_process(tmp_path / "big.db", collector__limits__answer_timeout=PATIENCE_S) as big:
        for _ in range(5):
            fresh = [build.span(attributes=prompt) for _ in spans]
            assert post(reach(big), "/v1/traces", build.traces(*fresh).SerializeToString()).status == 200
        whole = request(reach(big), "GET", "/api/v1/export/traces")
        until(lambda: settled(tmp_path / "big.db"), within_s=60)
        with peak_of(big) as peak, exporting(big.http, 5) as readers:
            answers = [post(reach(big), "/v1/traces", body).status for body in bodies(5)]
            ended = [ends(reader) for reader in readers]
        metrics = request(reach(big), "GET", "/metrics").body.decode()

    assert len(whole.body) > 20 * MIB
    assert whole.body.count(b'"spanId"') == 100
    assert answers == [200] * 5
    assert ended == [True] * 5
    assert peak.growth < 60 * MIB, f"{peak.growth // MIB} MiB"
    assert 'spanledger_turned_away_total{reason="slow_reader"} 5.0' in metrics


def settled(db: Path) -> bool:
    """Say whether everything was derived from what came, and the index of texts knows all of it."""
    told = rows(
        db,
        "select (select max(id) from raw_spans) as newest, (select count(*) from search_feed) as changes,"
        " (select after_id from derived_positions where signal = 'traces') as derived",
    )[0]
    return told["newest"] == told["derived"] and not told["changes"]


@contextmanager
def exporting(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Ask for an export some times, and take the first bytes of each."""
    asked = b"GET /api/v1/export/traces HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:
        readers = []
        for _ in range(count):
            reader = stack.enter_context(closing(socket.socket()))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            reader.settimeout(30)
            reader.connect(("127.0.0.1", port))
            reader.sendall(asked)
            assert reader.recv(12) == b"HTTP/1.1 200"
            readers.append(reader)
        yield readers


def ends(reader: socket.socket) -> bool:
    """Wait without taking anything until the other side hangs up."""
    poll = select.poll()
    poll.register(reader, select.POLLHUP | select.POLLERR)
    return bool(poll.poll(30_000))


def hold(daemon: Process, part: bytes) -> tuple[int, float]:
    """Send a part of a message and nothing more; give the status that ends the call, and after how long that came."""
    with http2.connected(daemon.grpc) as connection:
        stream = connection.call()
        began = time.monotonic()
        connection.write(stream, part)
        return connection.reply(stream).code, time.monotonic() - began


def bodies(count: int) -> Sequence[bytes]:
    """Build some small requests."""
    return [build.body(Signal.TRACES) for _ in range(count)]


def ask(connection: http.client.HTTPConnection, body: bytes) -> int:
    """Post on a connection that stays open."""
    connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def new_connection_works(daemon: Process) -> bool:
    """Say whether somebody new is served."""
    try:
        return post(reach(daemon), "/v1/traces", b"").status == 200
    except (OSError, http.client.HTTPException):
        return False


def peak_of_pid(pid: int) -> int:
    """Read the most resident bytes that a process ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) << 10
