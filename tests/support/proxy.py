"""Stand between a client and the service, and cut the connection when the answer comes back.

The service has committed by then; the client cannot know, and has to send the same again.
"""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

PREFACE = b"PRI * HTTP/2"
FRAME_HEADER_BYTES = 9
DATA, HEADERS, END_STREAM = 0, 1, 1
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER switched on with no time: closing discards what is unsent and resets the connection."""


class Proxy(ThreadingTCPServer):
    """Forward connections to a port; reset the first `cuts` of them when an answer arrives.

    The client never gets a byte of that answer, the service has written all of it.
    `cut` counts the connections that were reset.
    """

    def __init__(self, target: int, *, cuts: int) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Forward)
        self.target = target
        self.cut = 0
        self.over, self._end = socket.socketpair()
        self._left = cuts
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """Give the port to connect to."""
        return int(self.server_address[1])

    def may_cut(self) -> bool:
        """Use up one of the cuts, if any is left."""
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            self.cut += 1
            return True

    def stop(self) -> None:
        """Close the port and every connection."""
        self._end.send(b"x")
        self.shutdown()
        self.server_close()
        self.over.close()
        self._end.close()


@contextmanager
def cutting(target: int, *, cuts: int = 1) -> Iterator[Proxy]:
    """Run a proxy for the length of a block."""
    proxy = Proxy(target, cuts=cuts)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), name="proxy")
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join()


class Answers:
    """Find the first answer in what a service sends; the frames that open an HTTP/2 connection are none."""

    def __init__(self, *, is_http2: bool) -> None:
        """Start before the first byte."""
        self._is_http2 = is_http2
        self._seen = bytearray()
        self._at = 0

    def has_come(self, received: bytes) -> bool:
        """Read on; say whether there is an answer: anything in HTTP/1.1, a message or the end of a stream in HTTP/2."""
        if not self._is_http2:
            return True
        self._seen += received
        while len(self._seen) >= self._at + FRAME_HEADER_BYTES:
            length = int.from_bytes(self._seen[self._at : self._at + 3])
            kind, flags = self._seen[self._at + 3 : self._at + 5]
            if kind == DATA or (kind == HEADERS and flags & END_STREAM):
                return True
            self._at += FRAME_HEADER_BYTES + length
        return False


class _Forward(BaseRequestHandler):
    """Forward one connection until either side closes it, it is cut, or the proxy stops."""

    server: Proxy

    def handle(self) -> None:
        client: socket.socket = self.request
        try:
            with socket.create_connection(("127.0.0.1", self.server.target)) as service:
                self._forward(client, service)
        except ConnectionError:
            client.close()

    def _forward(self, client: socket.socket, service: socket.socket) -> None:
        answers: Any = None
        while True:
            readable, _, _ = select.select([client, service, self.server.over], [], [])
            if self.server.over in readable:
                return
            if client in readable:
                sent = client.recv(65536)
                if not sent:
                    return
                answers = answers or Answers(is_http2=sent.startswith(PREFACE))
                service.sendall(sent)
            if service in readable:
                received = service.recv(65536)
                if not received:
                    return
                if answers and answers.has_come(received) and self.server.may_cut():
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                    client.close()
                    return
                client.sendall(received)
