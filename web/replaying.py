"""Have refused items sent again by a form, and lead back to the page that says what came of it."""

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import hdrs, web

from access.tokens import By
from api.rejections import Rejections
from core.errors import Invalid
from web.asking import SAFE_DIGITS


async def replay(rejections: Rejections, given: Mapping[str, str], by: By) -> web.Response:
    """Send one item again, or all that can be; raise Missing when the one is not there."""
    number = given.get("id")
    if number is None:
        found = await rejections.again(lambda replays: replays.every(), "a page: all", by)
    else:
        wanted = _whole(number)
        found = await rejections.again(lambda replays: replays.some([wanted]), f"a page: {wanted}", by)
    told = {"sent": len(found.items), "kept": found.kept, **({"more": 1} if found.next is not None else {})}
    place = f"/health/refused/{_whole(number)}?{urlencode(told)}" if number else f"/health?{urlencode(told)}#refused"
    return web.Response(status=303, headers={hdrs.LOCATION: place})


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < SAFE_DIGITS):
        raise Invalid(f"id is {text[:60]!r}; a whole number is wanted")
    return int(text)
