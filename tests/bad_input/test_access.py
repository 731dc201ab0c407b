"""Who may come in: rows 68 to 74."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, TypeVar

import grpc
import pytest
from orjson import dumps, loads

from core.errors import Refused
from schema.signals import WIRE, Signal
from store.reading import SqliteReadSide
from tests.support import build
from tests.support.clients import PROTOBUF, export, post, raw, request
from tests.support.service import Running, running

T = TypeVar("T")

TOKEN = "xx_ing_0123456789abcdef"
OTHER = "xx_ing_fedcba9876543210"
JSON = {"Content-Type": "application/json"}
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


def calmly(ask: Callable[[], T], too_often: T) -> T:
    """Ask again a second later when wrong credentials were shown too often."""
    for _ in range(20):
        told = ask()
        if told != too_often:
            return told
        time.sleep(1)
    raise AssertionError("still too often after 20 s")


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

    assert calmly(lambda: status_of(guarded, head, body), 429) == 401
    assert guarded.count(signal) == 0


@pytest.mark.parametrize("kind", [kind for kind in WRONG if kind != "not ASCII"])
def test_row_69_wrong_credentials_are_unauthenticated_over_grpc(guarded: Running, kind: str) -> None:
    """The same holds for calls."""
    metadata = tuple(("authorization", value) for value in WRONG[kind])

    told = calmly(lambda: export(guarded, Signal.LOGS, b"", metadata=metadata).code, grpc.StatusCode.RESOURCE_EXHAUSTED)

    assert told is grpc.StatusCode.UNAUTHENTICATED
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
        assert time.monotonic() - began < 5


def test_row_69_a_token_is_of_no_use_once_it_is_taken_away(tmp_path: Path) -> None:
    """After the configuration changed, the old token is refused and the new one is not."""
    for token, wanted in ((TOKEN, 200), (OTHER, 401)):
        with running(tmp_path / "same.db", collector__tokens=token) as service:
            assert post(service, "/v1/traces", b"", {**PROTOBUF, **RIGHT}).status == wanted


def token(service: Running, name: str, scopes: str) -> dict[str, str]:
    """Make a token as an administrator; give the header that shows it."""
    made = request(service, "POST", "/api/v1/tokens", dumps({"name": name, "scopes": scopes}), {**JSON, **RIGHT})
    assert made.status == 201, made.body
    return {"Authorization": f"Bearer {loads(made.body)['token']}"}


def test_row_70_a_token_opens_only_what_it_is_for(guarded: Running) -> None:
    """A read token cannot send, an ingest token cannot read, neither can administer; what is wanted is said."""
    read, ingest = token(guarded, "reader", "read"), token(guarded, "sender", "ingest")
    price = dumps({"model": "m", "input_mtok": 1})

    def told(shown: dict[str, str]) -> list[int]:
        return [
            post(guarded, "/v1/traces", b"", {**PROTOBUF, **shown}).status,
            request(guarded, "GET", "/api/v1/sessions", None, shown).status,
            request(guarded, "GET", "/metrics", None, shown).status,
            request(guarded, "POST", "/api/v1/sessions", b"{}", {**JSON, **shown}).status,
            request(guarded, "POST", "/api/v1/prices", price, {**JSON, **shown}).status,
            request(guarded, "GET", "/api/v1/tokens", None, shown).status,
        ]

    assert [403, 200, 200, 403, 403, 403] == told(read)
    assert [200, 403, 403, 201, 403, 403] == told(ingest)
    assert [200, 200, 200, 201, 201, 200] == told(RIGHT)
    shown = tuple((name.lower(), value) for name, value in read.items())
    assert grpc.StatusCode.PERMISSION_DENIED is export(guarded, Signal.LOGS, b"", metadata=shown).code


def test_row_69_a_revoked_token_is_a_wrong_one_at_once(guarded: Running) -> None:
    """The request after the answer is refused; who did it is written down."""
    shown = token(guarded, "leaver", "read")
    listed = loads(request(guarded, "GET", "/api/v1/tokens", None, RIGHT).body)["tokens"]
    number = next(one["id"] for one in listed if one["name"] == "leaver")

    assert 200 == request(guarded, "GET", "/api/v1/sessions", None, shown).status
    assert 200 == request(guarded, "DELETE", f"/api/v1/tokens/{number}", None, RIGHT).status
    assert 401 == request(guarded, "GET", "/api/v1/sessions", None, shown).status
    assert 404 == request(guarded, "DELETE", f"/api/v1/tokens/{number}", None, RIGHT).status
    did = guarded.rows("select who, address, action, detail from audit_log order by id desc limit 1")
    assert [{"who": "configuration", "address": "127.0.0.1", "action": "revoke_token"}] == [
        {name: row[name] for name in ("who", "address", "action")} for row in did
    ]


def test_row_69_no_reader_sees_tokens(guarded: Running) -> None:
    """Neither a token nor its hash is in any answer, nor can the table be read."""
    shown = token(guarded, "secret", "read")["Authorization"].removeprefix("Bearer ")
    side = SqliteReadSide(guarded.db)
    try:
        for query in ("select * from access_tokens", "select count(*) from access_tokens"):
            with pytest.raises(Refused):
                list(side.query(query))
    finally:
        side.close()

    assert b"hash" not in request(guarded, "GET", "/api/v1/tokens", None, RIGHT).body
    assert not [row for row in guarded.rows("select * from audit_log") if shown in str(row)]


def test_row_71_wrong_tokens_do_not_disturb_the_right_one(guarded: Running) -> None:
    """While one sender tries hundreds of tokens, another with the right one is served, and none of them gets in."""
    tries = [f"Bearer guess-{number}" for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        guesses = pool.map(lambda value: post(guarded, "/v1/traces", b"", {**PROTOBUF, "Authorization": value}), tries)
        answers = [post(guarded, "/v1/traces", b"", {**PROTOBUF, **RIGHT}).status for _ in range(20)]
        statuses = {reply.status for reply in guesses}

    assert answers == [200] * 20
    assert statuses <= {401, 429}


def test_row_71_wrong_tokens_are_answered_ten_times_a_second(guarded: Running) -> None:
    """From one address no more than ten wrong tokens a second are answered 401, the others 429 with a time to wait."""
    wrong = {**PROTOBUF, "Authorization": "Bearer guess"}
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: post(guarded, "/v1/traces", b"", wrong), range(400)))
    seconds = int(time.monotonic() - began) + 2

    assert {429} <= {reply.status for reply in replies} <= {401, 429}
    assert sum(reply.status == 401 for reply in replies) <= 10 * seconds
    assert {"1"} == {reply.headers["retry-after"] for reply in replies if reply.status == 429}


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


@pytest.mark.parametrize("signal", Signal)
def test_row_72_a_page_cannot_speak_to_the_grpc_port(shared_service: Running, signal: Signal) -> None:
    """What a browser says to a port without TLS is HTTP/1.1: under any name it is hung up on, and nothing is kept."""
    body = build.body(signal)
    head = f"POST /{WIRE[signal].service}/Export HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/grpc\r\n"
    message = b"\0" + len(body).to_bytes(4, "big") + body
    with socket.create_connection(("127.0.0.1", shared_service.grpc), timeout=20) as connection:
        connection.sendall(head.encode() + f"Content-Length: {len(message)}\r\n\r\n".encode() + message)
        with closing(connection.makefile("rb")) as answer:
            told = hung_up(answer)

    assert b"200" not in told.partition(b"\r\n")[0]
    assert shared_service.count(signal) == 0


def hung_up(answer: BinaryIO) -> bytes:
    """Read until the other side hangs up, however it does that."""
    try:
        return answer.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("origin", EVIL_ORIGINS)
@pytest.mark.parametrize("signal", Signal)
def test_row_72_row_73_a_foreign_page_cannot_post(shared_service: Running, signal: Signal, origin: str) -> None:
    """A request that a page of another origin makes is forbidden, and its answer may not be read by it."""
    reply = post(shared_service, WIRE[signal].path, build.body(signal), {**PROTOBUF, "Origin": origin})

    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers
    assert shared_service.count(signal) == 0


@pytest.mark.parametrize(
    "path", ["/api/v1/sessions", "/api/v1/sessions?format=csv", "/healthz", "/metrics", "/nowhere"]
)
def test_no_browser_guesses_what_an_answer_is(shared_service: Running, path: str) -> None:
    """What was recorded is in answers for programs too: none of them can be taken for a page."""
    reply = request(shared_service, "GET", path)

    assert "nosniff" == reply.headers["x-content-type-options"]
    assert reply.headers["content-type"].partition(";")[0] != "text/html" or path == "/nowhere"


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
