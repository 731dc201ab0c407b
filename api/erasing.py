"""Answer what erasing a session or a user takes, and have it done, over HTTP.

Ids are in bodies alone: addresses are written to logs.
"""

import asyncio
from typing import Any, Final, Protocol

from aiohttp import hdrs, web

from access.asking import BY
from access.tokens import ANYBODY, By, Scope
from api.checks import Fields
from api.operations import PREFIX
from api.retention import LONGEST_BODY, answered, object_in
from core.errors import Invalid, Missing

PATH: Final = f"{PREFIX}/erase"
KINDS: Final = ("session", "user")


class Erasing(Protocol):
    """Erase what is held of a session or a user."""

    def to_erase(self, kind: str, name: str) -> dict[str, Any]:
        """Say what it takes; may take a while. Raise Missing or Invalid."""
        ...

    def erase(self, kind: str, name: str, *, who: str, address: str) -> int:
        """Have it done; give the order's number, which `done` in the state reaches when it is carried out."""
        ...

    def erased(self, number: int) -> dict[str, Any] | str | None:
        """Say what came of an order, or why nothing did; None when it is not known."""
        ...

    def state(self) -> dict[str, Any]:
        """Say how it goes."""
        ...


def routes(keeper: Erasing) -> list[web.RouteDef]:
    """Give the routes."""

    async def plan(request: web.Request) -> web.Response:
        return answered(await asyncio.to_thread(keeper.to_erase, *await _subject(request)))

    async def erase(request: web.Request) -> web.Response:
        subject = await _subject(request)
        await asyncio.to_thread(keeper.to_erase, *subject)
        by = request.get(BY) or By(ANYBODY, request.remote or "")
        return answered({"order": keeper.erase(*subject, who=by.who, address=by.address)}, status=202)

    async def told(request: web.Request) -> web.Response:
        number = int(request.match_info["order"])
        if keeper.state()["done"] < number:
            return answered({"done": False}, status=202)
        found = keeper.erased(number)
        if found is None:
            raise Missing(f"there is no order {number} to erase something, or it was long ago")
        return answered({"done": True, **(found if isinstance(found, dict) else {"failed": found})})

    return [
        web.post(f"{PATH}/plan", plan),
        web.post(PATH, erase),
        web.get(f"{PATH}/{{order:[0-9]{{1,9}}}}", told),
    ]


def scopes() -> dict[tuple[str, str], Scope | None]:
    """Say what a token must be for."""
    found = ((hdrs.METH_POST, f"{PATH}/plan"), (hdrs.METH_POST, PATH), (hdrs.METH_GET, f"{PATH}/{{order}}"))
    return dict.fromkeys(found, Scope.ADMIN)


async def _subject(request: web.Request) -> tuple[str, str]:
    told = Fields(object_in(await request.content.read(LONGEST_BODY)), known=("kind", "id"))
    kind = told.one_of("kind", KINDS)
    if kind is None:
        raise Invalid(f"kind is missing; one of {', '.join(KINDS)} is wanted")
    return kind, told.needed("id")
