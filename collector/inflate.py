"""Undo a request's content coding within a bound.

aiohttp would do it without one, and would take half a stream for a whole (reliability.md 5.2).
"""

import zlib

from core.errors import TooLarge, Undecodable, UnsupportedMedia

GZIP = 16 + zlib.MAX_WBITS
ZLIB = zlib.MAX_WBITS
MAX_MEMBERS = 1024
STEP_BYTES = 1 << 22
"""How much is inflated at a time: one large step would hold twice what it gives."""
CODINGS = {"": None, "identity": None, "gzip": GZIP, "x-gzip": GZIP, "deflate": ZLIB}
ACCEPTED = "gzip, deflate"


def coding(header: str) -> int | None:
    """Read a Content-Encoding; None means none, the number is zlib's window size (otlp.md Z01 to Z04)."""
    name = header.strip().lower()
    if name not in CODINGS:
        message = f"Content-Encoding {name[:40]!r} is not supported; use gzip, deflate or none"
        raise UnsupportedMedia(message)
    return CODINGS[name]


def inflate(body: bytes, window: int, limit: int) -> bytes:
    """Decompress a whole body, or raise Undecodable or TooLarge.

    gzip may come in several members (RFC 1952) and be padded with zeros; a deflate stream stands alone.
    """
    parts: list[bytes] = []
    size = 0
    for members in range(1, MAX_MEMBERS + 2):
        if members > MAX_MEMBERS:
            message = f"gzip body has more than {MAX_MEMBERS} members"
            raise TooLarge(message)
        part, body = _member(body, window, limit - size)
        parts.append(part)
        size += len(part)
        if not body.strip(b"\0"):
            break
        if window != GZIP:
            raise Undecodable(f"{len(body)} bytes follow the end of the deflate stream")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _member(body: bytes, window: int, room: int) -> tuple[bytes, bytes]:
    """Inflate one member; give it and what follows."""
    stream = zlib.decompressobj(window)
    parts: list[bytes] = []
    try:
        while body and not stream.eof:
            parts.append(stream.decompress(body, STEP_BYTES))
            room -= len(parts[-1])
            if room < 0:
                raise TooLarge("body is over the limit after decompression; send smaller batches")
            body = stream.unconsumed_tail
    except zlib.error as error:
        raise Undecodable(f"compressed body is corrupt: {error}") from None
    if not stream.eof:
        raise Undecodable("compressed body is cut short")
    return b"".join(parts), stream.unused_data
