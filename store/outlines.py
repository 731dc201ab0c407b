"""Hold what is part of what in large traces: their spans are read once, and then page by page.

An index by parent would make every span that is written dearer; the few traces that somebody looks at pay instead.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import TooLarge

MOST: Final = 200_000
"""Spans of a trace that are outlined."""
HELD_SPANS: Final = 200_000
"""Spans of all outlines that are kept, about a fifth of a kilobyte each."""
WORTH: Final = 1_000
"""Smaller traces are read anew each time."""
ERROR: Final = 2

Place = tuple[int, str]
"""Start in Unix nanoseconds, 0 when it is not known, and id of a span: the order of a trace."""
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outline:
    """Hold a trace's spans in order of time; `below` are the places of those directly below each, by its id."""

    places: list[Place]
    errors: frozenset[str]
    roots: list[Place]
    below: dict[str, list[Place]]
    end: int
    version: tuple[int, int] | None

    @classmethod
    def of(cls, rows: Rows, version: tuple[int, int]) -> "Outline":
        """Put rows in order together; one that has an open span is not kept, for that span may change."""
        places = [(row["start_time_unix_nano"] or 0, row["span_id"]) for row in rows]
        there = {span_id for _, span_id in places}
        roots: list[Place] = []
        below: dict[str, list[Place]] = {}
        for place, row in zip(places, rows, strict=True):
            parent = row["parent_span_id"]
            (below.setdefault(parent, []) if parent in there else roots).append(place)
        roots = roots or places[:1]  # all of it goes round in a circle
        errors = frozenset(row["span_id"] for row in rows if row["status_code"] == ERROR)
        ends = [row["end_time_unix_nano"] or 0 for row in rows]
        return cls(places, errors, roots, below, max(ends, default=0), version if all(ends) else None)


class Outlines:
    """Keep the outlines that were asked for last; `read` answers a report."""

    def __init__(self, read: Callable[..., Rows]) -> None:
        """Hold none yet."""
        self._read = read
        self._held: OrderedDict[str, Outline] = OrderedDict()

    def get(self, trace_id: str) -> Outline | None:
        """Give the outline of a trace as it is now; None when there is no such trace."""
        now = self._read("trace_version", trace=trace_id)[0]
        version = (now["spans"], now["last_id"])
        held = self._held.pop(trace_id, None)
        if held is None or held.version != version:
            held = self._fresh(trace_id, version) if now["spans"] else None
        if held is not None and held.version is not None and len(held.places) >= WORTH:
            self._held[trace_id] = held
            self._forget()
        return held

    def _fresh(self, trace_id: str, version: tuple[int, int]) -> Outline:
        if version[0] > MOST:
            raise TooLarge(f"trace {trace_id!r} has {version[0]} spans, more than {MOST}; list them with /spans?trace=")
        return Outline.of(self._read("trace_tree", trace=trace_id), version)

    def _forget(self) -> None:
        while len(self._held) > 1 and sum(self._sizes()) > HELD_SPANS:
            self._held.popitem(last=False)

    def _sizes(self) -> Iterator[int]:
        return (len(outline.places) for outline in self._held.values())
