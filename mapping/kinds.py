"""Say what kind of operation a record tells of (mapping.md B.3, B.4; `kinds.json`).

The program's own names come first, then the dialects' words in the table's order, the name's beginning, and the shape.
"""

import json
from pathlib import Path
from typing import Any, Final

from mapping.emitters import Origin
from mapping.record import Record, parsed

OTHER: Final = "other"


def kind_of(record: Record, origin: Origin) -> str:
    """Give the kind."""
    if not record.is_span:
        return _event_kind(record, origin)
    return (
        _by_name(record.name, origin)
        or _by_dialect(record, origin)
        or next((kind for prefix, kind in PREFIXES.items() if record.name.startswith(prefix)), "")
        or _by_shape(record)
    )


def tool_in(name: str) -> str | None:
    """Read the tool's name from a span's, where it stands behind a known beginning."""
    return next((name.removeprefix(start) for start in TOOL_NAMES if name.startswith(start)), None)


def tells_failure(record: Record) -> bool:
    """Say whether the record is an event that is only written of failures."""
    return not record.is_span and record.name in FAILURES


def _event_kind(record: Record, origin: Origin) -> str:
    return _by_name(record.name, origin) or EVENTS.get(record.name, OTHER)


def _by_name(name: str, origin: Origin) -> str:
    names = NAMES.get(origin.emitter.id, {})
    if name.endswith(ENDINGS):
        return next(kind for suffix, kind in SUFFIXES.items() if name.endswith(suffix))
    return names.get(name) or names.get(name.partition(" ")[0]) or names.get("*", "")


def _by_dialect(record: Record, origin: Origin) -> str:
    for key, words in origin.once("words", _words):
        told = parsed(record.attributes[key])
        kind = words.get(told) or words.get("*", "") if isinstance(told, str) else ""
        if kind:
            return kind
    if "vercel.legacy" in origin.dialects:
        return OPERATIONS.get(str(record.attributes.get("ai.operationId", "")).partition(" ")[0], "")
    return ""


def _words(origin: Origin) -> tuple[tuple[str, dict[str, str]], ...]:
    """Give the keys of a record that may say its kind, with the words for it."""
    return tuple((key, words) for dialect, key, words in WORDS if dialect in origin.dialects and key in origin.keys)


def _by_shape(record: Record) -> str:
    """Know a call of a tool or of a model by what it has."""
    attributes = record.attributes
    if "gen_ai.tool.name" in attributes:
        return "tool"
    has_model = "gen_ai.request.model" in attributes or "gen_ai.response.model" in attributes
    return "llm" if has_model and "gen_ai.usage.input_tokens" in attributes else OTHER


TABLE: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "kinds.json").read_text())
NAMES: Final[dict[str, dict[str, str]]] = TABLE["names"]
FAILURES: Final = frozenset(TABLE["failures"])
OPERATIONS: Final[dict[str, str]] = TABLE["operations"]["vercel.legacy"]
WORDS: Final = tuple((dialect, key, words) for dialect, key, words in TABLE["dialects"])
TOOL_NAMES: Final[tuple[str, ...]] = tuple(TABLE["tool_names"])
SUFFIXES: Final[dict[str, str]] = TABLE["suffixes"]
ENDINGS: Final = tuple(SUFFIXES)
EVENTS: Final[dict[str, str]] = TABLE["events"]
"""Log events that repeat what a span of the same id says, and those that hold one message each."""
PREFIXES: Final[dict[str, str]] = TABLE["prefixes"]
