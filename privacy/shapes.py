"""Mask what looks like a secret, wherever in a text it stands."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MARK: Final = "[redacted]"
WHAT: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "secrets.json").read_text())


@dataclass(frozen=True, slots=True)
class Shape:
    """Say what a secret looks like; `needs` is found in the bytes of a request that may hold one, and quickly (RE2)."""

    needs: str
    shape: re.Pattern[str]


class Shapes:
    """Mask every match of some shapes."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        """Look for these."""
        self._shapes = tuple(shapes)

    def masked(self, text: str) -> str:
        """Mask a text."""
        for one in self._shapes:
            text = one.shape.sub(_masked, text)
        return text


def shipped(*, secrets: bool, emails: bool) -> list[Shape]:
    """Give the shapes that come with the program."""
    told = [*(WHAT["shapes"] if secrets else ()), *([WHAT["email"]] if emails else ())]
    return [Shape(one["needs"], re.compile(one["shape"], re.DOTALL | re.ASCII)) for one in told]


def _masked(match: re.Match[str]) -> str:
    part = "secret" if "secret" in match.re.groupindex else 0
    start, end = match.start(part) - match.start(), match.end(part) - match.start()
    return match[0][:start] + MARK + match[0][end:]
