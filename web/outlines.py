"""Hold the shapes of traces that were looked at last: where each span stands in the tree, and when it ran.

A trace of thirty thousand spans takes a tenth of a second to put into order; a page shows two hundred of them.
"""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from api.pages import Row
from api.tree import placed
from core.errors import Missing
from web.asking import Asked

MOST_SPANS: Final = 200_000
KEPT: Final = 4
ERROR: Final = 2
TOGETHER: Final = 2
"""Spans that may lie where one of a trace is looked for; to look each up is dearer than to pass another."""

Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """Hold a trace's spans in the order of its tree; times are Unix nanoseconds, 0 where none is known."""

    spans: Sequence[str]
    depth: Sequence[int]
    start: Sequence[int]
    end: Sequence[int]
    errors: Sequence[int]
    began: int
    ended: int
    cut: bool

    def subtree(self, at: int) -> range:
        """Give the places of a span and all below it."""
        after = at + 1
        while after < len(self.spans) and self.depth[after] > self.depth[at]:
            after += 1
        return range(at, after)

    def is_parent(self, at: int) -> bool:
        """Say whether a span has others below it."""
        return at + 1 < len(self.spans) and self.depth[at + 1] > self.depth[at]


_kept: OrderedDict[Key, Outline] = OrderedDict()
_lock = threading.Lock()


def outline(asked: Asked, trace_id: str) -> Outline:
    """Give a trace's shape, as it is now; raise Missing when there is no such trace."""
    extent = asked.side.report("trace_extent", trace=trace_id)[0]
    if not extent["spans"]:
        raise Missing(f"there is no trace {trace_id[:100]!r} with spans; traces are named by 32 hexadecimal digits")
    key = (str(asked.daemon.database), trace_id, extent["spans"], extent["newest"])
    with _lock:
        known = _kept.get(key)
        if known is not None:
            _kept.move_to_end(key)
            return known
    made = _made(_columns(asked, trace_id, extent), extent["spans"])
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def _columns(asked: Asked, trace_id: str, extent: Row) -> Row:
    """Read spans; those that came together are read as they lie, whatever came between them."""
    oldest, newest = extent["oldest"], extent["newest"]
    if newest - oldest < TOGETHER * extent["spans"]:
        near = {"oldest": oldest, "newest": newest}
        return asked.side.report("trace_outline_together", trace=trace_id, limit=MOST_SPANS, **near)[0]
    return asked.side.report("trace_outline", trace=trace_id, limit=MOST_SPANS)[0]


def _made(columns: Row, count: int) -> Outline:
    spans, parents, starts, ends, codes = (orjson.loads(column) for column in columns.values())
    timely = sorted(range(len(spans)), key=starts.__getitem__)
    spans, parents = list(map(spans.__getitem__, timely)), list(map(parents.__getitem__, timely))
    places, deep = placed(spans, parents)
    rows = list(map(timely.__getitem__, places))
    return Outline(
        spans=list(map(spans.__getitem__, places)),
        depth=array("l", map(deep.__getitem__, places)),
        start=array("q", map(starts.__getitem__, rows)),
        end=array("q", map(ends.__getitem__, rows)),
        errors=[at for at, code in enumerate(map(codes.__getitem__, rows)) if code == ERROR],
        began=min(filter(None, starts), default=0),
        ended=max(ends),
        cut=count > MOST_SPANS,
    )
