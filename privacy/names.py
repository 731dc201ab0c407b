"""Mask the values that stand under names such as `password`, in JSON and in JSON within text, however often escaped."""

import re
from collections.abc import Iterable
from typing import Final

from privacy.shapes import MARK

AHEAD: Final = 100
"""Characters of a longer name that may stand before one of ours and a dot."""
LONGEST: Final = 20_000
_SEPARATORS: Final = re.compile(r"[-_.]")


class Names:
    """Find the values of some names; `-`, `_` and nothing between their words are the same, in either case.

    `needs` is found wherever one of them may be, and quickly (RE2); it is empty without names.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Look for these, as whole names or behind a dot."""
        words = sorted({tuple(_SEPARATORS.split(name.lower())) for name in names})
        either = "|".join("[-_]?".join(map(re.escape, parts)) for parts in words)
        self.needs = f"(?i:{either})" if words else ""
        self._value = re.compile(
            rf'(?P<ahead>\\*"(?:[^"\\]{{0,{AHEAD}}}[.])?(?:{either})\\*"\s*:\s*)'
            rf'(?:(?P<quote>\\*").{{1,{LONGEST}}}?(?<!\\)(?P=quote)|\[(?P<inner>\s*\\*")[^\]]{{1,{LONGEST}}}\])',
            re.IGNORECASE | re.DOTALL,
        )

    def masked(self, text: str) -> str:
        """Mask the values."""
        return self._value.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    quote = match["quote"]
    if quote is not None:
        return f"{match['ahead']}{quote}{MARK}{quote}"
    inner = match["inner"]
    return f"{match['ahead']}[{inner}{MARK}{inner.strip()}]"
