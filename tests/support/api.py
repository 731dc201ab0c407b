"""Ask a running service under /api/v1."""

from collections.abc import Mapping
from typing import Any

import orjson

from api.operations import PREFIX
from tests.support.clients import Reply, request
from tests.support.service import Running

SUCCESS = range(200, 300)
JSON = {"Content-Type": "application/json"}


def ask(service: Running, path: str, *, method: str = "GET", body: object = None, status: int = 200) -> Any:
    """Send a request under /api/v1 and read its answer; a status of 0 is any success."""
    reply = raw(service, path, method=method, body=body)
    assert reply.status in ({status} if status else SUCCESS), reply.body
    return orjson.loads(reply.body)


def raw(
    service: Running, path: str, *, method: str = "GET", body: object = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Send a request under /api/v1."""
    written = None if body is None else orjson.dumps(body)
    return request(service, method, f"{PREFIX}{path}", written, {**JSON, **(headers or {})})
