"""Read which HTTP status a failed call had: from its own attribute, or from what the error says first."""

import re
from typing import Final

from mapping.fields import Reading

STATUS: Final = re.compile(
    r"""(?:^|error\ code:\ |\bHTTP(?:\ Error)?\ |\bstatus(?:_code)?:?\ ?|["']code["']:\ ?|\[)([45]\d\d)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""How clients write a status into a message: `Error code: 429 - …`, `HTTP 500`, `500 The server …`, `{"code":429`."""
MAX_MESSAGE: Final = 400


def status_of(reading: Reading, error_type: str | None, message: str | None) -> int | None:
    """Give the status; None when nothing says it."""
    told = reading.whole("llm.error_status")
    if told is not None and 400 <= told <= 599:
        return told
    for text in (error_type, message):
        found = STATUS.search(text[:MAX_MESSAGE]) if text else None
        if found:
            return int(found[1])
    return None
