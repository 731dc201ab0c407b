"""Speak the Model Context Protocol through its official SDK: list the tools, call one."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import mcp_types as types
from mcp.server.lowlevel import Server

from api.searching import links
from core.errors import Invalid, SpanledgerError
from mcp_server.answers import NOTICE, done, written
from mcp_server.asking import SOME_ROWS, rows
from mcp_server.desk import Desk
from mcp_server.tools import READING, SQL, WRITING, Querying, Tool, Writing

log = logging.getLogger(__name__)

Known = Tool | Querying | Writing
NAME: Final = "spanledger"
INSTRUCTIONS: Final = (
    "Spanledger records what AI agents do: sessions, traces, model calls, tool calls, jobs, cost, and the work that"
    f" they tell of. Begin with status, find_sessions or search. {NOTICE}"
)
PAGES: Final = {"session_id": "/sessions/", "job_id": "/jobs/", "trace_id": "/traces/"}
TOOLS: Final[tuple[Known, ...]] = (*READING, SQL, *WRITING)
KNOWN: Final = {tool.name: tool for tool in TOOLS}


def serve(desk_of: Callable[[Any], Desk], *, version: str) -> "Server[Any]":
    """Make a server; `desk_of` gives the desk of whoever sent a request, as the transport knows it."""

    async def list_tools(_context: Any, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in KNOWN.values()])

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            return _result(await _answered(desk_of(context.request), params.name, params.arguments or {}))
        except SpanledgerError as error:
            return _result(str(error) or type(error).__name__, is_error=True)
        except Exception:  # a mistake of ours is ours to read, and must not cost the agent more than this answer
            log.exception("the tool %s failed", params.name[:60])
            return _result("this failed inside spanledger; its log says why", is_error=True)

    return Server(NAME, version=version, instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool)


def _described(tool: Known) -> types.Tool:
    schema = {
        "type": "object",
        "properties": dict(tool.takes),
        "required": list(tool.needs),
        "additionalProperties": False,
    }
    hints = types.ToolAnnotations(
        read_only_hint=not isinstance(tool, Writing), destructive_hint=False, open_world_hint=False
    )
    return types.Tool(name=tool.name, description=tool.says, input_schema=schema, annotations=hints)


async def _answered(desk: Desk, name: str, given: Mapping[str, Any]) -> str:
    tool = KNOWN.get(name)
    if tool is None:
        raise Invalid(f"there is no tool {name[:60]!r}; the tools are {', '.join(KNOWN)}")
    _check(tool, given)
    if isinstance(tool, Writing):
        return done(await desk.write(tool.operation, given))
    if isinstance(tool, Querying):
        told = rows(await desk.query({"limit": SOME_ROWS, **given}))
    else:
        told = await desk.read(lambda side: tool.ask(side, **given))
    return written(told, pages=_pages(told, desk.base), more=tool.more)


def _check(tool: Known, given: Mapping[str, Any]) -> None:
    """Check arguments by the tool's schema; what commands take they check themselves."""
    for name in given:
        if name not in tool.takes:
            raise Invalid(f"{tool.name} takes no {name[:60]!r}; it takes {', '.join(tool.takes) or 'nothing'}")
    for name in tool.needs:
        if given.get(name) is None:
            raise Invalid(f"{name} is missing: {tool.takes[name]['description']}")
    if not isinstance(tool, Writing):
        for name, value in given.items():
            _check_value(name, value, tool.takes[name])


def _check_value(name: str, value: object, schema: Mapping[str, Any]) -> None:
    kind = {"string": str, "integer": int, "boolean": bool}[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Invalid(f"{name} is {ascii(value)[:60]}; {schema['type']} is wanted")
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(f"{name} is {ascii(value)[:60]}; one of {', '.join(schema['enum'])} is wanted")
    if isinstance(value, int) and kind is int and not schema["minimum"] <= value <= schema["maximum"]:
        raise Invalid(f"{name} is {value}; {schema['minimum']} to {schema['maximum']} is wanted")


def _pages(told: Mapping[str, Any], base: str) -> dict[str, str]:
    """Give the page of what an answer is about; answers with many things say where each kind has its pages."""
    one = links({"source": "", "key": "", **{name: told.get(name) for name in PAGES}})
    if one:
        return {name: base + path for name, path in one.items()}
    return {name.removesuffix("_id"): f"{base}{path}<{name}>" for name, path in PAGES.items()}


def _result(text: str, *, is_error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)
