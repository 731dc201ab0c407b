"""Have refused items sent again, over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import Any, Final, Protocol

from aiohttp import hdrs, web

from access.asking import BY
from access.tokens import By, Scope
from api import formats
from api.answers import truth, typed, whole, word
from api.bodies import fields
from api.checks import Fields
from api.formats import JSON
from api.now import moment
from api.operations import PREFIX
from api.requests import object_of, take_none
from api.responses import response
from api.writing import audit
from core.errors import Invalid
from schema.derived import Changes

PATH: Final = f"{PREFIX}/rejections/replay"
MOST: Final = 1_000
BODY: Final = fields(
    (
        ("ids", "wholes", f"The numbers of refused items, {MOST} at most."),
        ("all", "truth", "Whether to send all again that can be; in place of `ids`."),
        ("after", "whole", "With `all`, only those behind this number: `next` of the answer before."),
    )
)
GIVES: Final = {
    "items": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "id": whole("Its number."),
                "kept": truth("Whether it is kept now."),
                "message": word("What there is to say of it; why it is refused still."),
            },
            "required": ["id", "kept", "message"],
            "additionalProperties": False,
        },
        "description": "What became of each.",
    },
    "kept": whole("Items that are kept now."),
    "next": typed("integer", "After which number to go on; null when nothing is left."),
}

Body = Callable[[web.Request], AbstractAsyncContextManager[bytes]]


class Round(Protocol):
    """Hold what became of items."""

    @property
    def items(self) -> Sequence[Any]:
        """List what became of each: dataclasses with id, kept and message."""
        ...

    @property
    def next(self) -> int | None:
        """Say after which to go on."""
        ...

    @property
    def kept(self) -> int:
        """Count those that are kept now."""
        ...


class Replaying(Protocol):
    """Send again what was refused."""

    async def some(self, numbers: Iterable[int]) -> Round:
        """Send these again; raise Missing when one is not there."""
        ...

    async def every(self, after: int = 0) -> Round:
        """Send all again that can be sent, those behind a number."""
        ...


class Rejections:
    """Answer for who may: it is written down who had it done, before it is."""

    def __init__(self, replays: Replaying, apply: Callable[[Changes], "Future[list[int]]"], body: Body) -> None:
        """`apply` writes; `body` gives a request's body within the bounds that hold for all requests."""
        self._replays, self._apply, self._body = replays, apply, body

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.post(PATH, self._replay)]

    async def again(self, asked: Callable[[Replaying], Awaitable[Round]], detail: str, by: By) -> Round:
        """Write down who has what sent again, and do it."""
        steps = audit("replay", detail, at=moment().now, by=by)
        await asyncio.wrap_future(self._apply(Changes(steps=steps)))
        return await asked(self._replays)

    async def _replay(self, request: web.Request) -> web.Response:
        take_none(request)
        async with self._body(request) as body:
            told = Fields(object_of(request, body), known=BODY)
        asked = _asked(told)
        found = await self.again(asked, body.decode(errors="replace"), request[BY])
        answer = {"items": [asdict(one) for one in found.items], "kept": found.kept, "next": found.next}
        return response(formats.json(answer), JSON)


def scopes() -> dict[tuple[str, str], Scope | None]:
    """Say what a token must be for."""
    return {(hdrs.METH_POST, PATH): Scope.ADMIN}


def _asked(told: Fields) -> Callable[[Replaying], Awaitable[Round]]:
    numbers, everything, after = told.wholes("ids"), told.truth("all"), told.whole("after")
    if bool(numbers) == bool(everything) or (after is not None and not everything):
        raise Invalid(
            'say what to send again: either {"ids": [1, 2]} or {"all": true}, the latter with "after" to go on'
        )
    if numbers and len(numbers) > MOST:
        raise Invalid(f"ids are {len(numbers)}; at most {MOST} are wanted at once")
    return (lambda replays: replays.some(numbers)) if numbers else (lambda replays: replays.every(after or 0))
