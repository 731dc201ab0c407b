"""Run the SDK's session manager inside the daemon's loop."""

import asyncio
from typing import Any, Final

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from mcp_server.bridge import DESK, App
from mcp_server.desk import Desk
from mcp_server.server import serve

STOP_S: Final = 2.0


class Hosting:
    """Own the manager and the task that its requests run under."""

    def __init__(self, version: str) -> None:
        """Start nothing."""
        self._manager = StreamableHTTPSessionManager(serve(_desk, version=version), json_response=True, stateless=True)
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def app(self) -> App:
        """Give what takes requests."""
        return self._manager.handle_request  # type: ignore[return-value]  # ASGI's messages are mappings of anything

    async def start(self) -> None:
        """Be ready for requests."""
        ready = asyncio.Event()
        self._task = asyncio.create_task(self._run(ready), name="mcp")
        await ready.wait()

    async def stop(self) -> None:
        """End requests that are under way."""
        self._over.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=STOP_S)

    async def _run(self, ready: asyncio.Event) -> None:
        async with self._manager.run():
            ready.set()
            await self._over.wait()


def _desk(request: Any) -> Desk:
    desk: Desk = request.scope[DESK]
    return desk
