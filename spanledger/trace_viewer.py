"""Look at what agents did: timelines, trees, sums and searches over a `TraceStore` (seed 002)."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from api import reading
from api.tree import depths
from spanledger.hands import asking
from spanledger.trace_models import TraceEntry, TraceSession

if TYPE_CHECKING:  # the store's module gives out this class
    from spanledger.traces import TraceStore

PAGE: Final = 1_000
DEEPEST: Final = 30
"""Levels that are written by indenting; below, the number is."""

Entries = str | Iterable[TraceEntry]


class TraceViewer:
    """Ask a store; what takes entries also takes the id of a session."""

    def __init__(self, store: "TraceStore") -> None:
        """Keep the store."""
        self.store = store

    def list_sessions(self, limit: int = 20, **where: Any) -> list[TraceSession]:
        """List the newest sessions with their sums; filters as `TraceStore.get_sessions`."""
        return self.store.get_sessions(limit, **where)

    def get_session_timeline(self, session_id: str) -> list[TraceEntry]:
        """List all entries of a session in order of time."""
        return list(self._all(session_id))

    def get_session_summary(self, session_id: str) -> dict[str, Any]:
        """Add a session up: duration, tokens, cost, errors, models, tools. Raise Missing when there is none."""
        with asking(self.store.db) as side:
            row = reading.summary(side, session_id)
        return {
            **row,
            "total_tokens": row["total_tokens"] or 0,
            "total_cost_usd": row["cost_usd"] or 0.0,
            "error_count": row["errors"],
        }

    def search_traces(self, text: str, session_id: str | None = None, limit: int = 100) -> list[TraceEntry]:
        """Find entries that hold a text: in their name, type, data, input, output, model or error."""
        return self.store.get_traces(session_id, search=text, limit=limit)

    def get_trace_detail(self, trace_id: str) -> TraceEntry | None:
        """Give an entry with its input and output; None when there is none."""
        return self.store.get_trace(trace_id)

    def format_timeline(self, entries: Entries) -> str:
        """Write entries one a line, in order of time."""
        return "\n".join(f"{entry.timestamp:%H:%M:%S.%f}"[:-3] + f"  {line(entry)}" for entry in self._these(entries))

    def format_tree(self, entries: Entries) -> str:
        """Write entries one a line, each indented below the one that it is part of."""
        held = self._these(entries)
        order = depths([(entry.trace_id, entry.parent_trace_id) for entry in held])
        return "\n".join(f"{_indent(depth)}{line(held[at])}" for at, depth in order)

    def filter_by_type(self, entries: Entries, *types: str) -> list[TraceEntry]:
        """Keep the entries of some types."""
        return self._kept(entries, lambda entry: entry.type in types)

    def filter_errors(self, entries: Entries) -> list[TraceEntry]:
        """Keep the entries that tell of a failure."""
        return self._kept(entries, lambda entry: entry.is_error)

    def filter_by_duration(
        self, entries: Entries, min_ms: float | None = None, max_ms: float | None = None
    ) -> list[TraceEntry]:
        """Keep the entries that took at least, and at most, so many milliseconds; those without a duration go."""
        low, high = min_ms or 0.0, float("inf") if max_ms is None else max_ms
        return self._kept(entries, lambda entry: entry.duration_ms is not None and low <= entry.duration_ms <= high)

    def _kept(self, entries: Entries, wanted: Callable[[TraceEntry], bool]) -> list[TraceEntry]:
        return [entry for entry in self._these(entries) if wanted(entry)]

    def _these(self, entries: Entries) -> list[TraceEntry]:
        return list(self._all(entries) if isinstance(entries, str) else entries)

    def _all(self, session_id: str) -> Iterator[TraceEntry]:
        cursor: str | None = None
        with asking(self.store.db) as side:
            while True:
                page = reading.entries(side, session=session_id, limit=PAGE, cursor=cursor)
                yield from map(TraceEntry.from_row, page["items"])
                cursor = page["next"]
                if cursor is None:
                    return


def line(entry: TraceEntry) -> str:
    """Write an entry in one line: type, name, model, duration, tokens, cost, error."""
    return "  ".join(part for part in _parts(entry) if part)


def _parts(entry: TraceEntry) -> Iterator[str | None]:
    yield entry.type
    yield entry.name or next((str(entry.data[key]) for key in ("tool", "tool_name", "name") if key in entry.data), None)
    yield entry.model_used
    yield None if entry.duration_ms is None else f"{entry.duration_ms:.0f} ms"
    yield None if entry.total_tokens is None else f"{entry.input_tokens or 0} -> {entry.output_tokens or 0} tokens"
    yield None if entry.estimated_cost_usd is None else f"${entry.estimated_cost_usd:.6f}"
    if entry.is_error:
        yield f"ERROR {entry.error_type or ''} {entry.error_message or ''}".rstrip()


def _indent(depth: int) -> str:
    return "  " * depth if depth <= DEEPEST else f"{'  ' * DEEPEST}({depth}) "
