"""Say which files a tool call is to write (mapping.md A.8; `files.json`)."""

import json
import re
from pathlib import Path
from typing import Any, Final

from mapping.fields import Reading
from mapping.record import parsed

PATCHED: Final = re.compile(r"^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$", re.MULTILINE)
"""A line of the patches that `apply_patch` takes."""


def writes(reading: Reading, tool: str | None) -> tuple[str, ...]:
    """Give the paths, as they were given, of a tool that writes files; none when it only looks at one."""
    if tool not in WRITERS or _only_looks(reading):
        return ()
    told = parsed(reading.get("files.modified_path"))
    if isinstance(told, dict):
        told = "\n".join(value for value in told.values() if isinstance(value, str))
    if isinstance(told, str) and "\n" in told:
        return tuple(dict.fromkeys(PATCHED.findall(told)))
    return tuple(path for path in (told if isinstance(told, list) else [told]) if isinstance(path, str))


def _only_looks(reading: Reading) -> bool:
    """Know an editor's tool that also shows files by its command."""
    told: Any = parsed(reading.get("tool_calls.input_preview"))
    return isinstance(told, dict) and told.get("command") == "view"


WRITERS: Final = frozenset(json.loads((Path(__file__).parent / "files.json").read_text("utf-8"))["tools"])
"""Tools that write the files they are given."""
