"""HTTP that is broken, slow or somewhere else: rows 21 to 24, 27, 33, 66 and 67."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import trustme

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import PROTOBUF, post, raw, request
from tests.support.process import Process, ready_process
from tests.support.service import Running, running
from tests.support.wait import until

PATIENCE_S = 1.0
LONG_S = 30  # far longer than the patience, so that a busy machine is not taken for an endless wait
USUAL_S = 10  # the patience nobody asked for: what is answered before it was not waited for
START = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"
BAD_LENGTHS = {
    "negative": b"Content-Length: -1\r\n\r\n",
    "signed": b"Content-Length: +5\r\n\r\nhello",
    "no number": b"Content-Length: five\r\n\r\nhello",
    "twice": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "with chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "with chunks first": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
}
BAD_HEADS = {
    "NUL in a header": START + b"X-Odd: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "two hosts": START + b"Host: localhost\r\nContent-Length: 0\r\n\r\n",
    "no host": START.replace(b"Host: localhost\r\n", b"") + b"Content-Length: 0\r\n\r\n",
    "folded header": START + b"X-Odd: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "space before colon": START + b"X-Odd : a\r\nContent-Length: 0\r\n\r\n",
}
BAD_CHUNKS = {
    "no number": CHUNKED + b"xyz\r\nhello\r\n0\r\n\r\n",
    "negative": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "too short": CHUNKED + b"3\r\nhello\r\n0\r\n\r\n",
    "huge": CHUNKED + b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
}
TOO_MUCH = {
    "129 headers": START + b"".join(b"X-%d: 1\r\n" % number for number in range(129)) + b"Content-Length: 0\r\n\r\n",
    "a long header": START + b"X-Long: " + b"x" * 8200 + b"\r\nContent-Length: 0\r\n\r\n",
    "a long URL": b"POST /v1/traces?" + b"x" * 8200 + START.removeprefix(b"POST /v1/traces") + b"\r\n",
}
HELLO = bytes.fromhex("160301007b0100007703030000000000000000000000000000000000000000000000000000000000000000")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NAMED = "[collector.grpc]"
"""What names the port for gRPC in a line of the log."""


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that waits a second for headers, and a second for a body."""
    limits = {"collector__limits__header_timeout": PATIENCE_S, "collector__limits__body_timeout": PATIENCE_S}
    with running(tmp_path_factory.mktemp("db") / "hasty.db", **limits) as found:
        yield found


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Run a daemon whose HTTP port speaks TLS and whose gRPC port is off."""
    folder = tmp_path_factory.mktemp("tls")
    made = trustme.CA().issue_cert("localhost", "127.0.0.1")
    made.private_key_pem.write_to_path(folder / "server.key")
    made.cert_chain_pems[0].write_to_path(folder / "server.pem")
    (folder / "server.key").chmod(0o600)
    pair: dict[str, Any] = {
        "collector__http__tls__cert": folder / "server.pem",
        "collector__http__tls__key": folder / "server.key",
    }
    with ready_process(folder / "tls.db", grpc="off", **pair) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Run a daemon whose log can be read."""
    with ready_process(tmp_path_factory.mktemp("db") / "plain.db") as daemon:
        yield daemon


def drip(service: Running, first: bytes, drop: bytes, *, every_s: float, until_s: float) -> tuple[bytes, float]:
    """Send bytes, then one after the other, until the other side hangs up; give what it said and after how long."""
    began, said = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", service.http), timeout=every_s) as connection:
        connection.sendall(first)
        while time.monotonic() - began < until_s:
            try:
                part = connection.recv(65_536)
                if not part:
                    break
                said += part
            except TimeoutError:
                with suppress(ConnectionError):
                    connection.sendall(drop)
            except ConnectionError:
                break
    return said, time.monotonic() - began


def answered_and_closed(service: Running, sent: bytes) -> bytes:
    """Send bytes; assert that the answer comes at once and the connection is closed; give the status."""
    began = time.monotonic()
    said = raw(service, sent, timeout=USUAL_S)

    assert time.monotonic() - began < USUAL_S
    return said.split(b" ")[1] if said else b""


def test_row_21_a_body_shorter_than_announced_times_out(hasty: Running) -> None:
    """Whoever announces more than comes gets 408 when the time for a body is over, and is hung up on."""
    said, after_s = drip(hasty, START + b"Content-Length: 1000\r\n\r\nten bytes.", b"", every_s=0.2, until_s=LONG_S)

    assert said.startswith(b"HTTP/1.1 408")
    assert PATIENCE_S * 0.9 < after_s < LONG_S
    assert hasty.count("traces") == 0


@pytest.mark.parametrize("kind", BAD_LENGTHS)
def test_row_22_a_doubtful_length_is_refused(shared_service: Running, kind: str) -> None:
    """Where two readers could disagree about where a request ends, it is refused and the connection closed."""
    following = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    said = raw(shared_service, START + BAD_LENGTHS[kind] + following, timeout=5)

    assert said.split(b" ")[1] == b"400"
    assert b"200 OK" not in said
    assert shared_service.count("traces") == 0


@pytest.mark.parametrize("kind", BAD_HEADS)
def test_row_23_a_broken_head_is_refused(shared_service: Running, kind: str) -> None:
    """A head that HTTP does not allow is refused and the connection closed."""
    assert answered_and_closed(shared_service, BAD_HEADS[kind]) == b"400"


@pytest.mark.parametrize("kind", BAD_CHUNKS)
def test_row_23_broken_chunks_are_refused(shared_service: Running, kind: str) -> None:
    """Chunks that do not add up are refused and the connection closed."""
    assert answered_and_closed(shared_service, BAD_CHUNKS[kind]) == b"400"
    assert shared_service.count("traces") == 0


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_row_24_too_much_head_is_refused(shared_service: Running, kind: str) -> None:
    """Too many headers, or one that is too long, or too long an address, are refused before the body."""
    assert answered_and_closed(shared_service, TOO_MUCH[kind]) in (b"400", b"431", b"414")


def test_row_27_a_body_that_trickles_in_is_cut_off(hasty: Running) -> None:
    """The time for a body is for all of it: a byte now and then does not extend it."""
    said, after_s = drip(hasty, START + b"Content-Length: 1000\r\n\r\n", b"\x0a", every_s=0.1, until_s=LONG_S)

    assert said.startswith(b"HTTP/1.1 408")
    assert after_s < LONG_S


def test_row_27_chunks_that_trickle_in_are_cut_off(hasty: Running) -> None:
    """The same holds for a body of unknown length."""
    said, after_s = drip(hasty, CHUNKED, b"1\r\n\x0a\r\n", every_s=0.1, until_s=LONG_S)

    assert said.startswith(b"HTTP/1.1 408")
    assert after_s < LONG_S


def test_row_33_tls_on_a_plain_port_is_refused_with_one_log_line(plain: Process, shared_service: Running) -> None:
    """A TLS client on the plain port is answered or hung up on at once, and leaves at most one line in the log."""
    before = len(plain.lines)
    with socket.create_connection(("127.0.0.1", plain.http), timeout=5) as connection:
        connection.sendall(HELLO)
        said = connection.recv(65_536)

    assert said.split(b" ")[1:2] in ([], [b"400"])
    assert answered_and_closed(shared_service, HELLO) in (b"", b"400")
    assert len(plain.lines) <= before + 1


def test_row_33_http2_on_the_http_port_names_the_right_port(plain: Process) -> None:
    """A gRPC client on the HTTP port is hung up on at once, and one line in the log says where gRPC is."""
    before = len(plain.lines)
    with socket.create_connection(("127.0.0.1", plain.http), timeout=5) as connection:
        connection.sendall(PREFACE)
        said = connection.recv(65_536)

    until(lambda: any(NAMED in line for line in plain.lines[before:]))

    assert said.split(b" ")[1:2] in ([], [b"400"])
    assert 1 == sum(NAMED in line for line in plain.lines[before:])


def test_row_33_plain_http_on_a_tls_port_is_refused(tls: Process) -> None:
    """A plain request on a TLS port is hung up on, and those who speak TLS do not notice."""
    before = len(tls.lines)
    with socket.create_connection(("127.0.0.1", tls.http), timeout=5) as connection:
        connection.sendall(START + b"Content-Length: 0\r\n\r\n")
        with suppress(ConnectionError):
            assert not connection.recv(65_536).startswith(b"HTTP/1.1 200")

    assert len(tls.lines) <= before + 1
    assert b"200 OK" in _over_tls(tls, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("signal", Signal)
def test_row_66_other_methods_are_not_allowed(shared_service: Running, signal: Signal, method: str) -> None:
    """Any method but POST is refused, and the answer names POST."""
    reply = request(shared_service, method, WIRE[signal].path)

    assert (reply.status, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("signal", Signal)
def test_row_66_a_preflight_is_forbidden_unless_configured(shared_service: Running, signal: Signal) -> None:
    """A browser that asks whether a foreign page may post is told no, and gets no permission by mistake."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    reply = request(shared_service, "OPTIONS", WIRE[signal].path, headers=asked)

    assert reply.status == 403
    assert not [name for name in reply.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "path",
    [
        "//v1/traces",
        "/v1//traces",
        "/v1/traces//",
        "/v1/./traces",
        "/v1/logs/../traces",
        "/v1/logs/%2e%2e/traces",
        "/v1%2Ftraces",
        "/%76%31%2Ftraces",
        "/V1/TRACES",
        "/v1/traces;x=1",
        "/v1/traces%00",
        "/v1/traces%20",
    ],
)
def test_row_67_only_the_exact_path_is_served(shared_service: Running, path: str) -> None:
    """What merely resembles the path leads nowhere, and never to a redirect."""
    body = build.body(Signal.TRACES)
    head = START.replace(b"/v1/traces", path.encode()) + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)

    assert raw(shared_service, head + body, timeout=5).split(b" ")[1] == b"404"
    assert shared_service.count("traces") == 0


def test_row_67_a_slash_at_the_end_is_accepted(service: Running) -> None:
    """The one exception is the slash at the end, for the specification's own example has it (otlp.md T05)."""
    assert post(service, "/v1/traces/", build.body(Signal.TRACES), PROTOBUF).status == 200
    assert service.count("traces") == 1


def _over_tls(daemon: Process, sent: bytes) -> bytes:
    """Ask something over TLS, not caring who answers."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = socket.create_connection(("127.0.0.1", daemon.http), timeout=5)
    with context.wrap_socket(connection) as secure:
        secure.sendall(sent)
        return secure.recv(65_536)
