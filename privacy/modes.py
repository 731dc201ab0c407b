"""Leave out what people and models wrote: by where it stands, and by what it looks like.

No list of names knows every program's, so in "metadata" a text stays only when it looks like a name:
short, and without a blank. In "minimal" only what the mapping reads besides content stays.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mapping.fields import VOCABULARY

CONTENT_FIELDS: Final = frozenset(
    {
        "prompt.text",
        "summary.text",
        "llm.input_messages",
        "llm.output_messages",
        "llm.output_tool_calls",
        "tool_calls.input_preview",
        "tool_calls.output_preview",
        "tool_calls.error_message",
    }
)
"""Fields that hold what was said."""
LONGEST_NAME: Final = 128
MOST_VALUES: Final = 32
_NAME: Final = re.compile(r"[\w.\-/]+")


def _keys(fields: Iterable[str]) -> frozenset[str]:
    """List the attributes that hold some fields."""
    told = (entry[1].partition("#")[0] for field in fields for entry in VOCABULARY[field])
    return frozenset(key for key in told if _NAME.fullmatch(key))


CONTENT: Final = _keys(CONTENT_FIELDS)
NEEDED: Final = _keys(VOCABULARY.keys() - CONTENT_FIELDS) - CONTENT | {
    "service.name",
    "service.version",
    "service.namespace",
    "project.key",
    "event.name",
    "gen_ai.operation.name",
    "openinference.span.kind",
}


def metadata(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Keep numbers, truth values and what looks like a name."""
    return {key: value for key, value in attributes.items() if key not in CONTENT and is_name(value)}


def minimal(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of that what the mapping reads."""
    return {key: value for key, value in metadata(attributes).items() if key in NEEDED}


def is_name(value: Any) -> bool:
    """Say whether a value is none that somebody wrote: a number, or one word that is not long."""
    if isinstance(value, str):
        return len(value) <= LONGEST_NAME and value.isprintable() and " " not in value
    if isinstance(value, list):
        return len(value) <= MOST_VALUES and all(map(is_name, value))
    return not isinstance(value, dict)


LEAVE: Final = {"metadata": metadata, "minimal": minimal}
