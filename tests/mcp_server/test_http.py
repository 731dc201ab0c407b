"""Prove who may speak to /mcp, and what becomes of requests that are none."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from mcp.client.client import Client

from tests.support.clients import Reply, request
from tests.support.service import Running, running

HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def post(service: Running, body: bytes, **headers: str) -> Reply:
    """Send a body to /mcp."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(service, "POST", "/mcp", body, {**HEADERS, **named})


def test_hello(tmp_path: Path) -> None:
    """A first message is answered with JSON at once, without a session to keep."""
    with running(tmp_path / "spanledger.db") as service:
        reply = post(service, orjson.dumps(HELLO))

    assert 200 == reply.status
    assert "spanledger" == orjson.loads(reply.body)["result"]["serverInfo"]["name"]
    assert "application/json" in reply.headers["content-type"]
    assert "mcp-session-id" not in reply.headers


def test_strangers_are_refused(tmp_path: Path) -> None:
    """Foreign hosts and origins are refused before anything is read; GET is told that there is no stream."""
    with running(tmp_path / "spanledger.db") as service:
        body = orjson.dumps(HELLO)
        statuses = {
            "host": post(service, body, Host="evil.example").status,
            "origin": post(service, body, Origin="http://evil.example").status,
            "null": post(service, body, Origin="null").status,
            "own": post(service, body, Origin=service.url()).status,
            "get": request(service, "GET", "/mcp", None, HEADERS).status,
            "delete": request(service, "DELETE", "/mcp", None, HEADERS).status,
        }

    assert {"host": 403, "origin": 403, "null": 403, "own": 200, "get": 405, "delete": 405} == statuses


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'{"jsonrpc":"2.0"}',
        b"\xff\xfe",
        b'{"jsonrpc":"1.0","id":1,"method":"x"}',
        b"[" * 5_000,
    ],
)
def test_what_is_no_message_is_refused(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    """Anything but a message is a mistake of the sender, and the service goes on."""
    with running(tmp_path_factory.mktemp("db") / "spanledger.db") as service:
        assert 400 <= post(service, body).status < 500
        assert 200 == post(service, orjson.dumps(HELLO)).status


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    """With tokens set, nobody is answered without one; one to read reads and does not write."""
    with running(tmp_path / "spanledger.db", **{"collector.tokens": ["open-sesame"]}) as service:
        assert 401 == post(service, orjson.dumps(HELLO)).status
        assert 200 == post(service, orjson.dumps(HELLO), Authorization="Bearer open-sesame").status
        made = request(
            service,
            "POST",
            "/api/v1/tokens",
            orjson.dumps({"name": "reader", "scopes": "read"}),
            {"Content-Type": "application/json", "Authorization": "Bearer open-sesame"},
        )
        reader = orjson.loads(made.body)["token"]
        told = {
            name: orjson.loads(post(service, call(name, arguments), Authorization=f"Bearer {reader}").body)["result"]
            for name, arguments in (("status", {}), ("upsert_plan", {"key": "p", "title": "t"}))
        }

        assert not told["status"].get("isError")
        assert told["upsert_plan"]["isError"]
        assert [] == service.rows("select * from feature_plans")


async def test_many_agents_at_once(tmp_path: Path) -> None:
    """Agents that come together are all answered."""

    async def one(url: str) -> int:
        async with Client(url) as client:
            results = await asyncio.gather(*(client.call_tool("status", {}) for _ in range(5)))
            return sum(not result.is_error for result in results)

    with running(tmp_path / "spanledger.db") as service:
        assert [5] * 6 == await asyncio.gather(*(one(service.url("/mcp")) for _ in range(6)))


def call(name: str, arguments: dict[str, Any]) -> bytes:
    """Write a call of a tool."""
    told = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    return orjson.dumps(told)
