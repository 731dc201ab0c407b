"""Take away what a program puts around the words of its user (`frames.json`, by emitter or by scope).

Some put blocks before or behind the words, others put the words into a block, into quotes, or behind a beginning.
Only what a program is known to write is taken away: the same signs may be a user's own elsewhere.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mapping.emitters import Origin

MAX_BLOCKS: Final = 20
"""Blocks around one prompt that are taken away."""
Opener = Callable[[str], str]


def words_of(origin: Origin, scope: str, text: str | None) -> str | None:
    """Give the user's own words; the text as it is where nothing is known to stand around them."""
    opener = OPENERS.get(origin.emitter.id) or OPENERS.get(scope)
    return text if text is None or opener is None else opener(text) or text


def _opener(frame: dict[str, Any]) -> Opener:
    [(kind, told)] = frame.items()
    return KINDS[kind](told)


def _left_out(tags: list[str]) -> Opener:
    def opened(text: str) -> str:
        for _ in range(MAX_BLOCKS):
            shorter = next((rest for tag in tags if (rest := _without(text.strip(), tag)) is not None), None)
            if shorter is None:
                break
            text = shorter.strip()
        return text

    return opened


def _without(text: str, tag: str) -> str | None:
    """Take away a block that the text begins or ends with; None when there is none."""
    start, end = f"<{tag}>", f"</{tag}>"
    if text.startswith(start) and end in text:
        return text.partition(end)[2]
    return text.rpartition(start)[0] if text.endswith(end) and start in text else None


def _inside(tag: str) -> Opener:
    def opened(text: str) -> str:
        inner, end, _ = text.partition(f"<{tag}>")[2].partition(f"</{tag}>")
        return inner.strip() if end else text

    return opened


def _inside_quotes(_: bool) -> Opener:
    return lambda text: text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _begins(start: str) -> Opener:
    return lambda text: text.removeprefix(start)


KINDS: Final[dict[str, Callable[[Any], Opener]]] = {
    "left_out": _left_out,
    "inside": _inside,
    "inside_quotes": _inside_quotes,
    "begins": _begins,
}
OPENERS: Final = {
    name: _opener(frame) for name, frame in json.loads((Path(__file__).parent / "frames.json").read_text()).items()
}
