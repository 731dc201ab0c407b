"""Take out of raw records what people and models said; numbers, names and times stay."""

from typing import Any, Final

import orjson

from privacy.modes import metadata

NOTE: Final = "content"
GONE: Final = "forgotten"
"""The mark of a record that lost its texts, in `repaired`."""


def stripped(item: dict[str, Any]) -> tuple[int, str, str]:
    """Give a record's number, what is left of its attributes, and its marks, both as JSON."""
    left = orjson.dumps(metadata(orjson.loads(item["attributes"])))
    marks = orjson.loads(item["repaired"]) if item["repaired"] else {}
    return item["id"], left.decode(), orjson.dumps({**marks, NOTE: GONE}).decode()
