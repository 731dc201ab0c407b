"""Say whether a tool's record is of a call that a model asked for, by what both hold."""

from typing import Final

from mapping.parts import Asked
from mapping.record import parsed
from mapping.tool_contents import Tool

MAX_DISPATCHED: Final = 100_000
"""Characters of longer arguments are not searched for a tool's name."""


def fits(tool: Tool, asked: Asked) -> bool:
    """Say whether the arguments may be the same: equal as JSON, or one value alone that is among them."""
    if tool.input is None or asked.arguments is None:
        return True
    given, wanted = parsed(tool.input), parsed(asked.arguments)
    return given == wanted or (isinstance(given, str) and isinstance(wanted, dict) and given in wanted.values())


def differ(asked: Asked, tool: Tool | None) -> bool:
    """Say whether both tell all arguments, and not the same ones."""
    given, wanted = parsed(tool.input if tool else None), parsed(asked.arguments)
    return isinstance(given, dict) and isinstance(wanted, dict) and given != wanted


def named_in(tool: Tool) -> list[str]:
    """Give the words among a record's arguments that may be a tool's name: a function that runs tools is given one."""
    given = parsed(tool.input) if tool.input and len(tool.input) <= MAX_DISPATCHED else None
    return [value for value in given.values() if isinstance(value, str)] if isinstance(given, dict) else []


def dispatches(tool: Tool, asked: Asked) -> bool:
    """Say whether a record is of a function that was given the asked call's name and arguments."""
    if tool.name == asked.name or asked.arguments is None or asked.name not in named_in(tool):
        return False
    given, wanted = parsed(tool.input), parsed(asked.arguments)
    return isinstance(wanted, dict) and wanted in (parsed(value) for value in given.values())
