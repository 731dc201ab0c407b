"""Say what became of what was told in any way."""

from dataclasses import dataclass
from typing import Any, Final

DONE: Final = "done"
INVALID: Final = "invalid"
MISSING: Final = "missing"
AMBIGUOUS: Final = "ambiguous"


@dataclass(frozen=True, slots=True)
class Answer:
    """Say what became of what was told: done, invalid, missing or ambiguous, in which words, and of which row."""

    kind: str
    text: str = ""
    row: Any = None
    result: str | None = None
