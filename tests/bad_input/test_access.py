"""Who may come in: rows 68 to 74."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import PROTOBUF, export, post, raw, request
from tests.support.service import Running, running

TOKEN = "xx_ing_0123456789abcdef"
OTHER = "xx_ing_fedcba9876543210"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
START = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
WRONG = {
    "none": [],
    "empty": [""],
    "scheme alone": ["Bearer "],
    "wrong": ["Bearer something-else"],
    "a beginning": [f"Bearer {TOKEN[:-1]}"],
    "one too many": [f"Bearer {TOKEN}x"],
    "another scheme": [f"Basic {TOKEN}"],
    "no scheme": [TOKEN],
    "revoked": [f"Bearer {OTHER}"],
    "not ASCII": ["Bearer t\xf6ken"],
    "two headers": [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
    "right and wrong": [f"Bearer {TOKEN}", "Bearer wrong"],
    "wrong and right": ["Bearer wrong", f"Bearer {TOKEN}"],
}
EVIL_ORIGINS = ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1", "file://", "*"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that wants a token."""
    with running(tmp_path_factory.mktemp("db") / "guarded.db", collector__tokens=TOKEN) as found:
        yield found


def status_of(service: Running, head: bytes, body: bytes = b"") -> int:
    """Send a request as bytes and give the status of the first answer."""
    return int(raw(service, head + b"Connection: close\r\n\r\n" + body, timeout=5).split(b" ")[1])


def test_row_68_nobody_is_asked_for_a_body_without_credentials(guarded: Running) -> None:
    """A client that asks before it sends is told 401, not to go on."""
    asking = b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
    told = raw(guarded, START + asking, timeout=3)
    welcome = raw(guarded, START + b"Authorization: Bearer " + TOKEN.encode() + b"\r\n" + asking, timeout=3)

    assert told.startswith(b"HTTP/1.1 401")
    assert welcome.startswith(b"HTTP/1.1 100 Continue")


def test_row_68_nobody_is_asked_for_a_body_that_nobody_reads(guarded: Running) -> None:
    """A client that asks before it sends a form is told 415, not to go on."""
    form = START.replace(b"application/x-protobuf", b"text/plain") + b"Authorization: Bearer " + TOKEN.encode()
    told = raw(guarded, form + b"\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n", timeout=3)

    assert told.startswith(b"HTTP/1.1 415")


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("signal", Signal)
def test_row_69_wrong_credentials_are_unauthenticated(guarded: Running, signal: Signal, kind: str) -> None:
    """Anything but one header with a token that is configured is refused alike, and nothing is stored."""
    shown = b"".join(b"Authorization: %b\r\n" % value.encode("latin-1") for value in WRONG[kind])
    body = build.body(signal)
    head = START.replace(b"/v1/traces", WIRE[signal].path.encode()) + shown + b"Content-Length: %d\r\n" % len(body)

    assert status_of(guarded, head, body) == 401
    assert guarded.count(signal) == 0


@pytest.mark.parametrize("kind", [kind for kind in WRONG if kind != "not ASCII"])
def test_row_69_wrong_credentials_are_unauthenticated_over_grpc(guarded: Running, kind: str) -> None:
    """The same holds for calls."""
    metadata = tuple(("authorization", value) for value in WRONG[kind])

    assert export(guarded, Signal.LOGS, b"", metadata=metadata).code is grpc.StatusCode.UNAUTHENTICATED
    assert guarded.count("logs") == 0


@pytest.mark.parametrize("query", [f"token={TOKEN}", f"access_token={TOKEN}", f"authorization=Bearer%20{TOKEN}"])
def test_row_69_a_token_in_the_address_is_no_credential(guarded: Running, query: str) -> None:
    """Addresses end up in logs, so a token is not looked for there."""
    assert post(guarded, f"/v1/traces?{query}", b"").status == 401


def test_row_69_the_body_of_the_unauthenticated_is_not_waited_for(guarded: Running) -> None:
    """The refusal comes before the body, however much is announced."""
    with socket.create_connection(("127.0.0.1", guarded.http), timeout=5) as connection:
        began = time.monotonic()
        connection.sendall(START + b"Content-Length: 60000000\r\n\r\n")

        assert connection.recv(65_536).startswith(b"HTTP/1.1 401")
        assert time.monotonic() - began < 1


def test_row_69_a_token_is_of_no_use_once_it_is_taken_away(tmp_path: Path) -> None:
    """After the configuration changed, the old token is refused and the new one is not."""
    for token, wanted in ((TOKEN, 200), (OTHER, 401)):
        with running(tmp_path / "same.db", collector__tokens=token) as service:
            assert post(service, "/v1/traces", b"", {**PROTOBUF, **RIGHT}).status == wanted


@pytest.mark.xfail(reason="scopes of tokens arrive with the read API", strict=False, run=False)
def test_row_70_a_token_opens_only_what_it_is_for() -> None:
    """A read token cannot send, an ingest token cannot read, and the project comes from the token alone."""
    raise AssertionError("POST /v1/traces with a read token is 403, GET /api/v1/traces with an ingest token too")


def test_row_71_wrong_tokens_do_not_disturb_the_right_one(guarded: Running) -> None:
    """While one sender tries hundreds of tokens, another with the right one is served, and none of them gets in."""
    tries = [f"Bearer guess-{number}" for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        guesses = pool.map(lambda value: post(guarded, "/v1/traces", b"", {**PROTOBUF, "Authorization": value}), tries)
        answers = [post(guarded, "/v1/traces", b"", {**PROTOBUF, **RIGHT}).status for _ in range(20)]
        statuses = {reply.status for reply in guesses}

    assert answers == [200] * 20
    assert statuses <= {401, 429}


@pytest.mark.xfail(reason="the limit on wrong tokens arrives with the read API's tokens", strict=False, run=False)
def test_row_71_wrong_tokens_are_answered_ten_times_a_second() -> None:
    """From one address no more than ten wrong tokens a second are answered 401, the others 429."""
    raise AssertionError("of 1,000 wrong tokens within a second at most 10 are answered 401 and the rest 429")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.nip.io",
        "localhost.evil.example",
        "evil.example:4318",
        "[::2]",
        "[::1].evil.example",
        "2130706433",
        "",
        "localhost@evil.example",
        "127.0.0.1, evil.example",
    ],
)
def test_row_72_a_foreign_host_is_not_served(shared_service: Running, host: str) -> None:
    """A name that a web page may have pointed at this machine gets nothing, on any path."""
    for path in (b"/v1/traces", b"/healthz", b"/metrics"):
        method = b"POST" if path.startswith(b"/v1") else b"GET"
        head = START.replace(b"POST /v1/traces", method + b" " + path).replace(
            b"Host: localhost", b"Host: " + host.encode()
        )

        assert status_of(shared_service, head + b"Content-Length: 0\r\n") in (400, 403, 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4318", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:4318"])
def test_row_72_our_own_names_are_served(shared_service: Running, host: str) -> None:
    """This machine's own names are accepted with any port, IPv6 in brackets included."""
    head = START.replace(b"Host: localhost", b"Host: " + host.encode()) + b"Content-Length: 0\r\n"

    assert status_of(shared_service, head) == 200


def test_row_72_a_listed_host_is_served(tmp_path: Path) -> None:
    """A name that is configured is one of ours."""
    with running(tmp_path / "named.db", collector__http__allowed_hosts="collector.example") as service:
        assert post(service, "/v1/traces", b"", {**PROTOBUF, "Host": "collector.example:4318"}).status == 200


@pytest.mark.parametrize("origin", EVIL_ORIGINS)
@pytest.mark.parametrize("signal", Signal)
def test_row_72_row_73_a_foreign_page_cannot_post(shared_service: Running, signal: Signal, origin: str) -> None:
    """A request that a page of another origin makes is forbidden, and its answer may not be read by it."""
    reply = post(shared_service, WIRE[signal].path, build.body(signal), {**PROTOBUF, "Origin": origin})

    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers
    assert shared_service.count(signal) == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/traces"])
def test_row_73_a_foreign_page_cannot_read(shared_service: Running, path: str, site: str) -> None:
    """What a browser marks as made by another site is forbidden, with or without an origin."""
    marked = {"Sec-Fetch-Site": site}

    assert request(shared_service, "GET", path, headers=marked).status == 403
    assert request(shared_service, "GET", path, headers={**marked, "Origin": "https://evil.example"}).status == 403
    assert request(shared_service, "GET", "/healthz", headers={"Sec-Fetch-Site": "none"}).status == 200


@pytest.mark.parametrize("path", ["/", "/v1/traces", "/healthz", "/mcp", "/api/v1/events"])
@pytest.mark.parametrize(
    "asked",
    [
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "eA=="},
        {"Accept": "text/event-stream"},
    ],
    ids=["websocket", "events"],
)
def test_row_74_a_foreign_page_cannot_listen(shared_service: Running, asked: dict[str, str], path: str) -> None:
    """Neither a socket nor a stream of events is opened for a page of another origin, wherever there may be one."""
    reply = request(shared_service, "GET", path, headers={**asked, "Origin": "https://evil.example"})

    assert reply.status == 403
