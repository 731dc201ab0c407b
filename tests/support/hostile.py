"""Send a trace whose every text is hostile to pages."""

import json
import time
from typing import Any
from urllib.parse import quote

from tests.support.clients import JSON, post
from tests.support.service import Running

TEXTS = (
    "<script>window.owned=1</script>",
    '"><img src=x onerror="window.owned=1">',
    "'><svg/onload=window.owned=1>",
    "javascript:window.owned=1",
    "</title></textarea></pre></script><script>window.owned=1</script>",
    "{{ 7*7 }}{% for x in y %}${7*7}<%= 7*7 %>",
    '" hx-get="/live" hx-trigger="load" onfocus="window.owned=1" autofocus x="',
    "![x](http://evil.example/x.png) http://evil.example/%0d%0aSet-Cookie:a=b",
    "\u202egnp.exe \u2066hidden\u2069 \x1b[2Jcleared\x07 \x00 zero\u200bwidth",
    "=cmd|' /C calc'!A1 &lt;b&gt; &amp;",
)
SECOND = 10**9
ROOT = f"{1:016x}"
TRACE = "ee" * 16
SESSION = f"s/../ {TEXTS[0]} {TEXTS[1]}"


def send(service: Running) -> None:
    """Send one agent's run of now, with a model call and a failed tool call for each text."""
    now = time.time_ns() - 60 * SECOND
    scopes = [_scope(number, text, now + number * 3 * SECOND) for number, text in enumerate(TEXTS)]
    body = {
        "resourceSpans": [{"resource": {"attributes": _attributes({"service.name": TEXTS[5]})}, "scopeSpans": scopes}]
    }
    reply = post(service, "/v1/traces", json.dumps(body).encode(), JSON)
    assert reply.status == 200, reply.body


def calls_of(number: int) -> tuple[str, str]:
    """Name the spans of a text's model call and tool call."""
    return f"{number * 2 + 2:016x}", f"{number * 2 + 3:016x}"


def pages(service: Running) -> list[str]:
    """List the pages that show the texts."""
    session, trace = quote(SESSION, safe=""), TRACE
    jobs = service.rows("select id from job_history where trace_id = ?", trace)
    spans = [name for number in (0, 1, 6, 8) for name in calls_of(number)]
    tools = [quote(TEXTS[number], safe="") for number in (0, 2, 4)]
    return [
        f"/sessions/{session}",
        f"/traces/{trace}",
        *(f"/jobs/{quote(row['id'], safe='')}" for row in jobs),
        *(f"/traces/{trace}/spans/{name}" for name in spans[::2]),
        *(f"/entries/{trace}/{name}" for name in spans[1::2]),
        *(f"/tools/{name}" for name in tools),
        *(f"/search?q={name}" for name in tools),
        f"/sql?q={quote('select * from spans', safe='')}",
        "/work/plans/search",
        "/work/debugging/slow",
        "/experiments/index",
    ]


def _scope(number: int, text: str, start: int) -> dict[str, Any]:
    said = json.dumps([{"role": text, "parts": [{"type": text, "content": text}]}])
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": text, "gen_ai.input.messages": said}
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": text,
        "gen_ai.provider.name": text,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.input.messages": said,
        "gen_ai.output.messages": said,
        "gen_ai.response.finish_reasons": text,
        text: text,
    }
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": text,
        "gen_ai.tool.call.arguments": json.dumps({text: text}),
        "gen_ai.tool.call.result": text,
        "error.type": text,
        "url": "http://evil.example/",
    }
    called, used = calls_of(number)
    spans = [_span(called, text, start, chat), _span(used, text, start + SECOND, tool, failed=True)]
    spans += [] if number else [{**_span(ROOT, text, start, agent), "endTimeUnixNano": str(start + 40 * SECOND)}]
    return {"scope": {"name": text, "version": text}, "spans": spans}


def _span(name: str, text: str, start: int, attributes: dict[str, Any], *, failed: bool = False) -> dict[str, Any]:
    told = {"gen_ai.conversation.id": SESSION, **attributes}
    event = {"name": text, "timeUnixNano": str(start), "attributes": _attributes({text: text})}
    return {
        "traceId": TRACE,
        "spanId": name,
        **({} if name == ROOT else {"parentSpanId": ROOT}),
        "name": text,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + SECOND),
        "attributes": _attributes(told),
        "events": [event],
        "status": {"code": 2, "message": text} if failed else {},
    }


def _attributes(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in told.items()
    ]
