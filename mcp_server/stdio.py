"""Serve one agent over standard input and output."""

import asyncio

from mcp.server.stdio import stdio_server

from mcp_server.desk import Desk
from mcp_server.server import serve


def run(desk: Desk, *, version: str) -> None:
    """Answer until the input ends."""
    asyncio.run(_run(desk, version))


async def _run(desk: Desk, version: str) -> None:
    server = serve(lambda _request: desk, version=version)
    async with stdio_server() as (source, sink):
        await server.run(source, sink, server.create_initialization_options())
