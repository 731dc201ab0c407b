"""Make responses of /api/v1: written, tagged, kept by nobody."""

from typing import Final

from aiohttp import hdrs, web

from api import formats
from api.formats import CSV, JSON, LINES

FORMS: Final = (JSON, LINES, CSV)
"""What lists are written as."""


def tagged(request: web.Request, body: bytes, media: str) -> web.Response:
    """Answer, or say that it is what the caller has already."""
    tag = formats.tag(body)
    if formats.is_known(request.headers.get(hdrs.IF_NONE_MATCH, ""), tag):
        told = web.Response(status=304, headers={hdrs.CACHE_CONTROL: "no-store"})
    else:
        told = response(body, media)
    told.headers[hdrs.ETAG] = tag
    told.headers[hdrs.VARY] = hdrs.ACCEPT
    return told


def response(body: bytes, media: str, *, status: int = 200) -> web.Response:
    """Answer with a body; nobody keeps it, for it holds what people said."""
    written = f"{media}; charset=utf-8" if media == CSV else media
    return web.Response(body=body, status=status, headers={hdrs.CONTENT_TYPE: written, hdrs.CACHE_CONTROL: "no-store"})
