"""Send one trace of many spans: a tree of agents, calls and tools in which a few fail."""

import json
import random
from typing import Any

from tests.support.clients import JSON, post
from tests.support.service import Running

TRACE = "7a" * 16
SESSION = "large"
BASE = 1_790_100_000_000_000_000
STEP = 100_000_000
BATCH = 4_000
DEEPEST = 24


def span_of(number: int) -> str:
    """Name a span."""
    return f"{number + 1:016x}"


def send(service: Running, spans: int, *, every: int) -> list[str]:
    """Send so many spans, of which one in `every` fails; give the names of those."""
    dice = random.Random(7)
    depth, made, failed = {0: 0}, [], []
    for number in range(spans):
        parent = None if not number else dice.choice([number - 1, (number - 1) // 8, (number - 1) // 3])
        if parent is not None and depth[parent] > DEEPEST:
            parent = (number - 1) // 8
        depth[number] = 0 if parent is None else depth[parent] + 1
        wrong = number % every == every - 1
        failed += [span_of(number)] if wrong else []
        made.append(_span(number, parent, dice.randrange(4), wrong=wrong))
    made[0]["endTimeUnixNano"] = str(BASE + spans * STEP)
    for start in range(0, spans, BATCH):
        body = {"resourceSpans": [{"scopeSpans": [{"spans": made[start : start + BATCH]}]}]}
        assert post(service, "/v1/traces", json.dumps(body).encode(), JSON).status == 200
    return failed


def _span(number: int, parent: int | None, kind: int, *, wrong: bool) -> dict[str, Any]:
    named, told = _kind(number, kind)
    start = BASE + number * STEP
    told["gen_ai.conversation.id"] = SESSION
    return {
        "traceId": TRACE,
        "spanId": span_of(number),
        **({"parentSpanId": span_of(parent)} if parent is not None else {}),
        "name": named,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + (kind + 1) * 37_000_000),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in told.items()],
        "status": {"code": 2, "message": "exit status 1"} if wrong else {},
    }


def _kind(number: int, kind: int) -> tuple[str, dict[str, str]]:
    if not number:
        return "invoke_agent builder", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "builder"}
    if kind == 0:
        return "chat gpt-5", {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5"}
    if kind == 1:
        return "execute_tool search", {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
    return f"step {number}", {}
