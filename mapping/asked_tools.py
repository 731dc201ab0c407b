"""Say whether a tool's record is of a call that a model asked for, by what both hold."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from mapping.facts import Fact
from mapping.parts import Asked
from mapping.record import parsed
from mapping.tool_contents import Tool

SAME_NS: Final = 2_000_000_000
"""Records that tell of the same model call end within two seconds of each other."""
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


class Near:
    """Find tools' records of no session that a call may be: of its name, begun soon after it was asked for."""

    def __init__(self, recorded: Iterable[Fact]) -> None:
        """Take records."""
        self._free: dict[str | None, list[Fact]] = defaultdict(list)
        for fact in sorted(recorded, key=lambda fact: (fact.start, fact.key)):
            self._free[fact.tool.name if fact.tool else None].append(fact)

    def takes(self, asked: Asked, moment: int) -> bool:
        """Say whether a record covers a call that was asked for at a time, and use it up."""
        free = self._free[asked.name]
        place = bisect_left(free, moment - SAME_NS, key=lambda fact: fact.start)
        for number in range(place, len(free)):
            if free[number].start > moment + SAME_NS:
                return False
            if not differ(asked, free[number].tool):
                del free[number]
                return True
        return False
