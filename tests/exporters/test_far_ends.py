"""A daemon with a dozen exporters, each to a far side that misbehaves in its own way, killed while it sends.

What holds for each: nothing is lost, little arrives twice, neither ingest nor the others notice (reliability.md P14).
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from schema.signals import WIRE, Signal
from tests.exporters.far import Act, Choose, Taking, endless, far, partial, reset, status, taken, words
from tests.support import build
from tests.support.clients import post
from tests.support.process import free_ports, process
from tests.support.service import running
from tests.support.wait import until

SPANS: Final = 240
BATCH: Final = 20
FEW: Final = 5
KILLS: Final = 2
PATIENCE_S: Final = 90
NEVER: Final = {"redirect", "http_401", "grpc_unauthenticated"}
"""Far sides that take nothing until somebody mends a setting: what is kept waits."""
COUNTED: Final = {"partial"}
"""Far sides that refuse some of what they are sent: it is counted."""
Code = grpc.StatusCode
READ = WIRE[Signal.TRACES].request.FromString


def every(count: int, act: Act, otherwise: Act = taken) -> Choose:
    """Answer each so-manieth request in another way."""
    return lambda number, _body: act if number % count == 0 else otherwise


def size(body: bytes) -> int:
    """Count a request's spans."""
    return sum(len(scope.spans) for resource in READ(body).resource_spans for scope in resource.scope_spans)


OVER = threading.Event()


def hang(handler: Any, _body: bytes) -> None:
    """Answer nothing for longer than anybody waits."""
    OVER.wait(60)
    handler.close_connection = True


HTTP: dict[str, Choose] = {
    "sometimes_503": every(4, status(503, Retry_After="0")),
    "resets": every(4, reset),
    "takes_and_resets": every(4, Taking(reset)),
    "hangs": every(6, hang),
    "takes_and_hangs": every(6, Taking(hang)),
    "partial": every(3, Taking(partial(1))),
    "small": lambda _number, body: status(413) if size(body) > FEW else taken,
    "redirect": every(1, status(302, Location="http://169.254.169.254/latest")),
    "http_401": every(1, status(401)),
    "endless": every(3, Taking(endless)),
    "broken_gzip": every(3, Taking(words(b"\x1f\x8b no", Content_Encoding="gzip"))),
    "page": every(3, Taking(words(b"<html>welcome</html>", Content_Type="text/html"))),
}
Answer = Callable[[int, bytes, Any], bytes]


def refuse(context: Any, code: Code, *, delay_s: int | None = None) -> bytes:
    """Answer with a code, and how long to wait."""
    if delay_s is not None:
        told = Status(code=code.value[0])
        told.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=delay_s)))
        context.set_trailing_metadata((("grpc-status-details-bin", told.SerializeToString()),))
    context.abort(code, "no")
    raise AssertionError


GRPC: dict[str, tuple[Answer, bool]] = {
    "grpc_unavailable": (lambda n, _b, c: b"" if n % 4 else refuse(c, Code.UNAVAILABLE, delay_s=0), False),
    "grpc_takes_and_aborts": (lambda n, _b, c: b"" if n % 4 else refuse(c, Code.ABORTED), True),
    "grpc_small": (lambda _n, b, c: b"" if size(b) <= FEW else refuse(c, Code.RESOURCE_EXHAUSTED), False),
    "grpc_unauthenticated": (lambda _n, _b, c: refuse(c, Code.UNAUTHENTICATED), False),
    "grpc_long_answer": (lambda n, _b, _c: b"\0" * (1 << 20) if n % 3 == 0 else b"", True),
}
"""How a call is answered, and whether its items are taken even so."""


@dataclass(slots=True)
class Seen:
    """Hold the spans that a far side took, and how many requests it saw."""

    names: Callable[[], list[str]]
    requests: Callable[[], int]


@dataclass(slots=True)
class Taker:
    """Take calls over gRPC."""

    answer: Answer
    always: bool
    seen: int = 0
    names: list[str] = field(default_factory=list)

    def export(self, body: bytes, context: Any) -> bytes:
        """Answer a call."""
        self.seen += 1
        if self.always:
            self.names += names(body)
        answer = self.answer(self.seen, body, context)
        if not self.always:
            self.names += names(body)
        return answer


def names(body: bytes) -> list[str]:
    """List a request's spans."""
    return [
        span.name for resource in READ(body).resource_spans for scope in resource.scope_spans for span in scope.spans
    ]


@contextmanager
def grpc_far(answer: Answer, *, always: bool) -> Iterator[tuple[str, Taker]]:
    """Serve calls; give the URL and what was seen."""
    taker = Taker(answer, always)
    server = grpc.server(ThreadPoolExecutor(1), options=(("grpc.so_reuseport", 0),))
    handler: Any = grpc.unary_unary_rpc_method_handler(taker.export)
    methods = grpc.method_handlers_generic_handler(WIRE[Signal.TRACES].service, {"Export": handler})
    server.add_generic_rpc_handlers((methods,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}", taker
    finally:
        server.stop(None).wait()


def setting(name: str, kind: str, url: str) -> dict[str, Any]:
    """Configure an exporter."""
    told = {
        "kind": kind,
        "endpoint": url,
        "signals": "traces",
        "start": "beginning",
        "batch_items": BATCH,
        "timeout": "1s",
    }
    return {f"exporters__{name}__{key}": value for key, value in told.items()}


@dataclass(slots=True)
class Ends:
    """Hold what came of it: spans that arrived, requests, and the books, by far side."""

    names: dict[str, list[str]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    books: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    """Send to all of them from one daemon that is killed twice meanwhile; one far side comes only after that."""
    path = tmp_path_factory.mktemp("ends") / "near.db"
    found, away = Ends(), free_ports().http
    OVER.clear()
    with ExitStack() as stack:
        seen, settings = opened(stack)
        settings |= setting("away", "otlp/http", f"http://127.0.0.1:{away}")
        for _ in range(KILLS):
            with process(path, **settings) as near:
                near.wait_ready(60)
                marks = {name: one.requests() for name, one in seen.items()}
                found.answers += send(near, len(found.answers), SPANS // KILLS)
                until(lambda: has_gone_on(seen, marks), within_s=PATIENCE_S)  # noqa: B023  waited for at once
                near.kill()
        back = stack.enter_context(far(port=away))
        seen["away"] = Seen(back.names, lambda: back.seen)
        with running(path, **settings) as service:
            until(lambda: is_done(service.service.exports.state(), set(seen)), within_s=PATIENCE_S)
            found.states = {state["exporter"]: state for state in service.service.exports.state()}
        # a cursor is written while the next page is under way: the books are whole once the daemon has stopped
        found.books = {row["exporter"]: row for row in service.rows("select * from export_cursors")}
        OVER.set()
        found.names = {name: one.names() for name, one in seen.items()}
        found.requests = {name: one.requests() for name, one in seen.items()}
    return found


def opened(stack: ExitStack) -> tuple[dict[str, Seen], dict[str, Any]]:
    """Open all far sides but the one that is away; give what they see, and the settings that lead there."""
    seen: dict[str, Seen] = {}
    settings: dict[str, Any] = {}
    for name, choose in HTTP.items():
        side = stack.enter_context(far(choose=choose))
        seen[name] = Seen(side.names, lambda side=side: side.seen)  # type: ignore[misc]  # bound now
        settings |= setting(name, "otlp/http", side.url)
    for name, (answer, always) in GRPC.items():
        url, taker = stack.enter_context(grpc_far(answer, always=always))
        seen[name] = Seen(lambda taker=taker: taker.names, lambda taker=taker: taker.seen)  # type: ignore[misc]
        settings |= setting(name, "otlp/grpc", url)
    return seen, settings


def send(near: Any, first: int, count: int) -> list[int]:
    """Send spans that are called by their numbers, one to a request; give the answers."""
    spans = (build.span(name=f"span {number}") for number in range(first, first + count))
    return [post(near, "/v1/traces", build.traces(span).SerializeToString()).status for span in spans]


def has_gone_on(seen: dict[str, Seen], marks: dict[str, int]) -> bool:
    """Say whether each far side saw something more; those that take nothing are asked seldom."""
    return all(one.requests() > marks[name] for name, one in seen.items() if name not in NEVER)


def is_done(states: list[dict[str, Any]], far_sides: set[str]) -> bool:
    """Say whether nothing waits but for those who take nothing."""
    waiting = {state["exporter"]: state["waiting"] or state["lag_s"] for state in states}
    return far_sides == set(waiting) and not any(wait for name, wait in waiting.items() if name not in NEVER)


ALL = [*HTTP, *GRPC, "away"]


@pytest.mark.parametrize("name", [name for name in ALL if name not in NEVER])
def test_nothing_is_lost(ends: Ends, name: str) -> None:
    """Each span arrives, whatever the far side does meanwhile and however often the daemon is killed."""
    expected = {f"span {number}" for number in range(SPANS)}

    assert expected == set(ends.names[name])


@pytest.mark.parametrize("name", [name for name in ALL if name not in NEVER])
def test_little_arrives_twice(ends: Ends, name: str) -> None:
    """What was under way when the daemon was killed, and what the far side took without saying so."""
    twice = len(ends.names[name]) - SPANS
    silent = {"takes_and_resets": 4, "takes_and_hangs": 6, "grpc_takes_and_aborts": 4}.get(name)
    untold = ends.requests[name] // silent if silent else 0

    assert twice <= (2 * KILLS + untold) * BATCH


@pytest.mark.parametrize("name", sorted(NEVER))
def test_what_somebody_must_mend_waits(ends: Ends, name: str) -> None:
    """Nothing is given up, and the far side is not asked again and again."""
    assert [] == ends.names[name]
    assert (0, 0, 0) == tuple(ends.books[name][fate] for fate in ("sent", "refused", "expired"))
    assert ends.states[name]["trouble"]
    assert 1 <= ends.requests[name] <= 2 * (KILLS + 1) + PATIENCE_S * (KILLS + 1) // 20


@pytest.mark.parametrize("name", ALL)
def test_the_books_say_what_became_of_each(ends: Ends, name: str) -> None:
    """Sent and refused are all there is; only the far side that says so refuses any."""
    book = ends.books[name]
    total = 0 if name in NEVER else SPANS

    assert total == book["sent"] + book["refused"]
    assert (0, 0) == (book["expired"], book["passed"])
    assert (name in COUNTED) == (book["refused"] > 0)


def test_ingest_does_not_notice(ends: Ends) -> None:
    """Each request was answered with success at the first try."""
    assert [200] * SPANS == ends.answers
