"""Hold text that is given as it is, not as a page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plain:
    """Hold the text."""

    text: str
