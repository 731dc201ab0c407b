"""Find the text of a record beyond what the tables keep of it.

A tool's arguments and results are searched to a generous length. Of a model call the end is: each call repeats the
conversation before it, and what is new stands last.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

WORDY: Final = 80
"""Characters from which a value is text that somebody wrote rather than a name or a number."""
MOST: Final = 1 << 16
NEWEST: Final = 12 << 10
"""Characters that are searched of a record beyond what the tables keep: of any, and of one that repeats others."""
DEEPEST: Final = 20


def whole(columns: Sequence[str | None], *, repeats: bool) -> str | None:
    """Give the wordy values of a record's JSON columns; other text in them is taken as it is."""
    told = "\n".join(text for column in columns if column for text in _texts(_parsed(column), 0) if len(text) >= WORDY)
    return (told[-NEWEST:] if repeats else told[:MOST]) or None


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < DEEPEST and isinstance(value, dict):
        for item in value.values():
            yield from _texts(item, depth + 1)
    elif depth < DEEPEST and isinstance(value, list):
        for item in value:
            yield from _texts(item, depth + 1)
