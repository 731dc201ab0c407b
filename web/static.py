"""Serve our own scripts, styles and pictures: their addresses change with what they hold, so browsers may keep them."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from web.headers import SAFE

FOLDER: Final = Path(__file__).parent / "static"
PREFIX: Final = "/static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}
DIGITS: Final = 12
FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """Hold a file, plain and compressed."""

    body: bytes
    packed: bytes
    digest: str
    media: str


def address(name: str) -> str:
    """Write the address of a file."""
    return f"{PREFIX}/{asset(name).digest}/{name}"


@cache
def asset(name: str) -> Asset:
    """Read a file once; raise KeyError when there is none of that name."""
    path = names()[name]
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:DIGITS]
    return Asset(body, gzip.compress(body, mtime=0), digest, TYPES[path.suffix])


@cache
def names() -> dict[str, Path]:
    """List the files that may be served: no name leads out of the folder."""
    return {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.suffix in TYPES}


async def serve(request: web.Request) -> web.Response:
    """Give a file; under an address of other content it is given too, but not to be kept."""
    name = request.match_info["name"]
    if name not in names():
        raise web.HTTPNotFound
    found = asset(name)
    current = request.match_info["digest"] == found.digest
    headers = {
        **SAFE,
        hdrs.CONTENT_TYPE: found.media,
        hdrs.ETAG: f'"{found.digest}"',
        hdrs.CACHE_CONTROL: FOREVER if current else "no-cache",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    if f'"{found.digest}"' in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return web.Response(body=found.body, headers=headers)
    return web.Response(body=found.packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
