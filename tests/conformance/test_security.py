"""Security: rows S01 to S09 of the conformance table."""

import http.client
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from core.errors import Misconfigured
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import PROTOBUF, export, post, request
from tests.support.service import Running, configuration, running
from tests.support.wait import until

TOKEN = "first-token-0123456789"
OTHER = "zweites-tökén"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that wants one of two tokens."""
    with running(tmp_path_factory.mktemp("db") / "guarded.db", collector__tokens=f'["{TOKEN}", "{OTHER}"]') as found:
        yield found


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority, and a server's and a client's certificate."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name in ("server", "client"):
        made = authority.issue_cert("localhost", "127.0.0.1")
        made.private_key_pem.write_to_path(folder / f"{name}.key")
        made.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
    return folder


def issue(authority: trustme.CA, folder: Path) -> None:
    """Write a server's certificate and key that nobody had before."""
    made = authority.issue_cert("localhost", "127.0.0.1")
    made.private_key_pem.write_to_path(folder / "server.key")
    made.cert_chain_pems[0].write_to_path(folder / "server.pem")


def authorized(token: str, scheme: str = "Bearer") -> dict[str, str]:
    """Write the headers of somebody who shows a token."""
    return {**PROTOBUF, "Authorization": f"{scheme} {token}"}


def test_S01_loopback_is_the_default_and_more_needs_a_token(tmp_path: Path) -> None:
    """Both ports listen on loopback; another address without a token is a mistake unless told otherwise."""
    config = configuration()

    assert config.collector.grpc.endpoint is not None
    assert config.collector.http.endpoint is not None
    assert {config.collector.grpc.endpoint.host, config.collector.http.endpoint.host} == {"127.0.0.1"}
    with (
        pytest.raises(Misconfigured, match="no token is set"),
        running(tmp_path / "open.db", collector__http__endpoint="0.0.0.0:0"),
    ):
        pass


@pytest.mark.parametrize("scheme", ["Bearer", "bEARER "])
def test_S02_every_configured_token_opens(guarded: Running, scheme: str) -> None:
    """Any of the tokens is let in, whatever the case of the scheme, ASCII or not."""
    for token in (TOKEN, OTHER):
        shown = authorized(token.encode().decode("latin-1"), scheme)

        assert 200 == post(guarded, "/v1/traces", b"", shown).status


def test_S02_anything_else_is_refused_without_an_exception(guarded: Running) -> None:
    """A cut, foreign or non-ASCII token is refused like any other wrong one."""
    wrong = ("Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \xfc")

    assert {401} == {post(guarded, "/v1/traces", b"", {**PROTOBUF, "Authorization": shown}).status for shown in wrong}


def test_S02_tokens_are_compared_in_constant_time() -> None:
    """No code compares a secret with ==."""
    source = (Path(__file__).parents[2] / "access" / "gate.py").read_text()

    assert "compare_digest" in source
    assert not re.search(r"(token|given|hash)\w*\s*[!=]=", source)


def test_S03_every_way_in_wants_the_token(guarded: Running) -> None:
    """OTLP over both transports is refused without a token, before the body is read, and taken with one."""
    for wire in WIRE.values():
        reply = post(guarded, wire.path, b"")
        assert (reply.status, reply.error.code) == (401, 16)
        assert reply.headers["www-authenticate"] == "Bearer"
        assert post(guarded, wire.path, b"", authorized(TOKEN)).status == 200
    for signal in Signal:
        assert export(guarded, signal, b"").code is grpc.StatusCode.UNAUTHENTICATED
        shown = (("authorization", f"Bearer {TOKEN}"),)
        assert export(guarded, signal, b"", metadata=shown).code is grpc.StatusCode.OK


def test_S03_the_body_of_a_stranger_is_not_read(guarded: Running) -> None:
    """A stranger who announces 64 MiB is answered before sending any of it."""
    head = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n"
    head += b"Content-Type: application/x-protobuf\r\n\r\n"
    with socket.create_connection(("127.0.0.1", guarded.http), timeout=5) as connection:
        connection.sendall(head)
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 401")


def test_S04_tls_and_mutual_tls_work_on_both_ports(tmp_path: Path, certificates: Path) -> None:
    """With a certificate a client is served, without one it is not, nor is plain text."""
    server = {
        "cert": certificates / "server.pem",
        "key": certificates / "server.key",
        "client_ca": certificates / "ca.pem",
    }
    settings = {
        f"collector__{part}__tls__{key}": str(value) for part in ("grpc", "http") for key, value in server.items()
    }
    with running(tmp_path / "tls.db", **settings) as service:
        context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            _get_over_tls(service, context)
        context.load_cert_chain(certificates / "client.pem", certificates / "client.key")

        assert _get_over_tls(service, context) == 200
        with pytest.raises((http.client.HTTPException, ConnectionResetError)):
            request(service, "GET", "/healthz")
        assert export(service, Signal.TRACES, b"", timeout=3).code is grpc.StatusCode.UNAVAILABLE

        credentials = grpc.ssl_channel_credentials(
            *((certificates / name).read_bytes() for name in ("ca.pem", "client.key", "client.pem"))
        )
        with grpc.secure_channel(f"localhost:{service.grpc}", credentials) as opened:
            method: Any = opened.unary_unary(f"/{WIRE[Signal.TRACES].service}/Export")
            assert method(build.body(Signal.TRACES), timeout=10) == b""


def test_S04_new_certificates_are_used_without_a_restart(tmp_path: Path) -> None:
    """Both ports show the new one within seconds; files that do not fit together change nothing."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issue(authority, tmp_path)
    settings = {
        f"collector__{part}__tls__{key}": str(tmp_path / f"server.{end}")
        for part in ("grpc", "http")
        for key, end in (("cert", "pem"), ("key", "key"))
    }
    with running(tmp_path / "tls.db", **settings) as service:
        ports = (service.http, service.grpc)
        first = [ssl.get_server_certificate(("127.0.0.1", port)) for port in ports]
        (tmp_path / "server.key").write_text("not a key")
        time.sleep(1.5)
        broken = [ssl.get_server_certificate(("127.0.0.1", port)) for port in ports]
        issue(authority, tmp_path)
        until(lambda: all(ssl.get_server_certificate(("127.0.0.1", port)) not in first for port in ports))

    assert first == broken


def test_S04_bad_certificate_files_stop_the_start(tmp_path: Path) -> None:
    """A missing key file is named before anything is served."""
    settings = {"collector__http__tls__cert": "/nowhere.pem", "collector__http__tls__key": "/nowhere.key"}
    with (
        pytest.raises(Misconfigured, match=r"collector.http.tls.cert: path does not point to a file"),
        running(tmp_path / "bad.db", **settings),
    ):
        pass


def test_S05_web_origins_are_refused_unless_listed(tmp_path: Path, shared_service: Running) -> None:
    """Without settings no page may send; a listed origin gets exactly itself back."""
    page = {**PROTOBUF, "Origin": "https://app.example"}
    ask = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    refused = request(shared_service, "OPTIONS", "/v1/traces", headers=ask)

    assert refused.status == 403
    assert not [name for name in refused.headers if name.startswith("access-control")]
    assert post(shared_service, "/v1/traces", b"", page).status == 403
    with running(tmp_path / "cors.db", collector__http__allowed_origins='["https://app.example"]') as service:
        preflight = request(service, "OPTIONS", "/v1/traces", headers=ask)
        sent = post(service, "/v1/traces", b"", page)

    assert preflight.status in (200, 204)
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert sent.status == 200
    assert sent.headers["access-control-allow-origin"] == "https://app.example"
    assert "Retry-After" in sent.headers["access-control-expose-headers"]


def test_S06_simple_requests_and_foreign_names_are_refused(shared_service: Running) -> None:
    """What a web page could send unasked is refused: simple content types, and a name that is not ours."""
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert post(shared_service, "/v1/traces", b"", {"Content-Type": media}).status == 415
    for host in ("evil.example", "127.0.0.1.nip.io", "evil.example:4318"):
        assert post(shared_service, "/v1/traces", b"", {**PROTOBUF, "Host": host}).status == 403
    for host in ("localhost", "127.0.0.1:4318", "[::1]:4318"):
        assert post(shared_service, "/v1/traces", b"", {**PROTOBUF, "Host": host}).status == 200


def _last(connection: socket.socket) -> bytes:
    """Give what comes before the other side hangs up, however it does that, and hang up as well."""
    with closing(connection):
        try:
            return connection.recv(100)
        except ConnectionResetError:
            return b""


def test_S07_slow_clients_are_dropped_and_others_are_served(tmp_path: Path) -> None:
    """Five hundred clients that never finish their headers are closed in time, and nobody else notices."""
    limits = {"collector__limits__header_timeout": "2s", "collector__limits__body_timeout": "2s"}
    with running(tmp_path / "slow.db", **limits) as service:
        slow = [socket.create_connection(("127.0.0.1", service.http), timeout=30) for _ in range(500)]
        for connection in slow:
            connection.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: lo")
        began = time.monotonic()
        served = post(service, "/v1/traces", build.body(Signal.TRACES))
        took = time.monotonic() - began
        ends = [_last(connection) for connection in slow]

        assert served.status == 200
        assert took < 5
        assert ends == [b""] * 500

        with closing(http.client.HTTPConnection("127.0.0.1", service.http, timeout=10)) as connection_:
            connection_.putrequest("POST", "/v1/traces")
            connection_.putheader("Content-Type", "application/x-protobuf")
            connection_.putheader("Content-Length", "100")
            connection_.endheaders(b"\x0a")
            assert connection_.getresponse().status == 408


def test_S08_dependencies_are_above_known_faults() -> None:
    """The floors in pyproject.toml keep out the releases with published faults."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    floors = dict(re.findall(r'"([a-z-]+)>=([0-9.]+)"', text))

    def number(name: str) -> tuple[int, ...]:
        return tuple(map(int, floors[name].split(".")))

    assert number("protobuf") >= (6, 33, 5)
    assert number("grpcio") >= (1, 84)
    assert number("aiohttp") >= (3, 13, 3)
    assert number("apsw") >= (3, 51, 3)


def test_S09_logs_and_errors_hold_no_payload_and_no_secret(guarded: Running, caplog: pytest.LogCaptureFixture) -> None:
    """A canary in names, values and tokens shows up in no log line and no answer."""
    canary = "canary-4711"
    bad = build.traces(build.span(trace_id=b"x", name=canary, attributes=build.attributes({canary: canary})))
    replies = [
        post(guarded, "/v1/traces", bad.SerializeToString(), authorized(TOKEN)),
        post(guarded, "/v1/traces", b"\xff" + canary.encode(), authorized(TOKEN)),
        post(guarded, "/v1/traces", b"", authorized(canary)),
    ]

    assert [reply.status for reply in replies] == [400, 400, 401]
    for reply in replies:
        assert canary.encode() not in reply.body
    assert canary not in caplog.text
    assert TOKEN not in caplog.text


def _get_over_tls(service: Running, context: ssl.SSLContext) -> int:
    with closing(http.client.HTTPSConnection("localhost", service.http, context=context, timeout=10)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
