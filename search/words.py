"""Cut text into what is looked for: names of programs into their parts, writing without spaces into pairs of letters.

The index itself divides at everything that is neither letter nor digit, and tells neither case nor accents apart:
`store/sqlite.py`, `snake_case` and `a.b` are phrases. What is added here:

- `parseHttpRequest` is the phrase «parse http request», and found as one word too.
- Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese text is found by any part: each letter stands with the next.
"""

import re
from typing import Final

from search.readable import readable

MOST_TEXT: Final = 1 << 18
"""Characters of one text that are looked at."""
LONGEST: Final = 64
"""Letters of a name that is taken apart; longer ones are data."""
MOST_NAMES: Final = 500

_NAME: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][a-z0-9]*+[A-Z][A-Za-z0-9]*+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DENSE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
DENSE: Final = re.compile(f"[{_DENSE}]+")


def indexed(texts: list[str]) -> str:
    """Write the texts of a document the way they are indexed."""
    names: dict[str, None] = {}
    parts = [_parts(readable(text[:MOST_TEXT]), names) for text in texts]
    return "\n".join((*parts, " ".join(names)))


def phrase(text: str, *, prefix: bool) -> tuple[str, bool]:
    """Write a text of a question the same way; say whether its last word is only the beginning of one."""
    written = humps(text)
    if written.isascii():
        return written, prefix
    found = list(DENSE.finditer(written))
    if found and found[-1].end() == len(written.rstrip()):
        run = found[-1][0]
        if len(run) == 1:
            return _pairs_in(written), True
        return _pairs_in(written).rstrip().removesuffix(run[-1]), False
    return _pairs_in(written), prefix


def humps(text: str) -> str:
    """Part names at their humps."""
    return _NAME.sub(lambda found: _HUMP.sub(" ", found[0]) if len(found[0]) <= LONGEST else found[0], text)


def _parts(text: str, names: dict[str, None]) -> str:
    def part(found: re.Match[str]) -> str:
        name = found[0]
        if len(name) > LONGEST or name.isupper():
            return name
        if len(names) < MOST_NAMES:
            names[name.lower()] = None
        return _HUMP.sub(" ", name)

    parted = _NAME.sub(part, text)
    return parted if parted.isascii() else _pairs_in(parted)


def _pairs_in(text: str) -> str:
    return DENSE.sub(lambda found: f" {' '.join(_pairs(found[0]))} ", text)


def _pairs(run: str) -> list[str]:
    """Give each letter with the one behind it, and the last one alone: so every letter begins a word."""
    return [*(run[at : at + 2] for at in range(len(run) - 1)), run[-1]]
