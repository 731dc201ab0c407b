"""A far side that answers as it is told, over HTTP."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from schema.signals import WIRE, Signal

Act = Callable[[BaseHTTPRequestHandler, bytes], None]
Choose = Callable[[int, bytes], Act]
BY_PATH = {wire.path: signal for signal, wire in WIRE.items()}


@dataclass(slots=True)
class Far:
    """Hold what arrived; `acts` say how the next requests are answered, the last one for good."""

    acts: list[Act]
    choose: Choose | None = None
    port: int = 0
    seen: int = 0
    requests: list[tuple[Signal, bytes]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Write where it is."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Take a request and answer it."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        plain = gzip.decompress(body) if handler.headers.get("Content-Encoding") == "gzip" else body
        act = self.next_act(plain)
        if act is taken or isinstance(act, Taking):
            self.requests.append((BY_PATH[handler.path], plain))
        act(handler, plain)

    def next_act(self, body: bytes) -> Act:
        """Say how a request is answered."""
        self.seen += 1
        if self.choose is not None:
            return self.choose(self.seen, body)
        return self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]

    def names(self) -> list[str]:
        """List the spans that were taken."""
        read = WIRE[Signal.TRACES].request.FromString
        return [
            span.name
            for signal, body in self.requests
            if signal is Signal.TRACES
            for resource in read(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@dataclass(frozen=True, slots=True)
class Taking:
    """Take a request, whatever is answered then."""

    act: Act

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer."""
        self.act(handler, body)


@contextmanager
def far(*acts: Act, choose: Choose | None = None, port: int = 0) -> Iterator[Far]:
    """Serve on a free port of loopback; `choose` says how the request of a number, from 1, is answered."""
    told = Far(list(acts) or [taken], choose)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            told.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's own name
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a daemon that was killed hangs up

    with Server(("127.0.0.1", port), Handler) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="far side")
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


def taken(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Take a request."""
    _respond(handler, 200, b"")


def status(code: int, **headers: str) -> Act:
    """Answer with a status."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _body: _respond(handler, code, b"no", told)


def partial(refused: int) -> Act:
    """Take a request but for some of its items."""

    def act(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        response = WIRE[Signal.TRACES].response()
        response.partial_success.rejected_spans = refused
        response.partial_success.error_message = "too old"
        _respond(handler, 200, response.SerializeToString())

    return act


def reset(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Hang up without an answer."""
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Answer 200 with a gigabyte."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/x-protobuf")
    handler.send_header("Content-Length", str(1 << 30))
    handler.end_headers()
    try:
        for _ in range(1 << 10):
            handler.wfile.write(b"\0" * (1 << 20))
    except OSError:
        handler.close_connection = True


def words(text: bytes, **headers: str) -> Act:
    """Answer 200 with something that is not OTLP's."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _body: _respond(handler, 200, text, told)


def _respond(handler: BaseHTTPRequestHandler, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    handler.send_response(code)
    for name, value in {"Content-Type": "application/x-protobuf", **(headers or {})}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
