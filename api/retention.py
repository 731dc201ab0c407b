"""Answer what retention would take, and have it done, over HTTP."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Protocol

import orjson
from aiohttp import hdrs, web

from access.tokens import Scope
from api.checks import Fields
from api.operations import PREFIX
from core.errors import Invalid

PATH: Final = f"{PREFIX}/retention"
LONGEST_BODY: Final = 4096


class Keeping(Protocol):
    """Keep the database within its rules."""

    def plan(self) -> dict[str, Any]:
        """Say what would go now; may take a while."""
        ...

    def order(self, token: str | None = None) -> int:
        """Have it done; give the order's number, which `done` in the state reaches when it is carried out."""
        ...

    def state(self) -> dict[str, Any]:
        """Say how it goes."""
        ...


def routes(keeper: Keeping) -> list[web.RouteDef]:
    """Give the routes."""

    async def plan(_request: web.Request) -> web.Response:
        return answered({**await asyncio.to_thread(keeper.plan), **keeper.state()})

    async def state(_request: web.Request) -> web.Response:
        return answered(keeper.state())

    async def run(request: web.Request) -> web.Response:
        told = Fields(object_in(await request.content.read(LONGEST_BODY)), known=("token",))
        return answered({"order": keeper.order(told.text("token"))}, status=202)

    return [web.get(PATH, plan), web.get(f"{PATH}/state", state), web.post(f"{PATH}/run", run)]


def scopes() -> dict[tuple[str, str], Scope | None]:
    """Say what a token must be for."""
    return {(hdrs.METH_POST, f"{PATH}/run"): Scope.ADMIN}


def object_in(body: bytes) -> Mapping[str, Any]:
    """Read a body that is a JSON object, or nothing; raise Invalid for anything else."""
    try:
        told = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise Invalid(f"the body is a JSON {type(told).__name__}; an object is wanted")
    return told


def answered(value: object, *, status: int = 200) -> web.Response:
    """Answer with JSON that nobody keeps."""
    return web.Response(
        body=orjson.dumps(value),
        status=status,
        headers={hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"},
    )
