"""Find what goes: read rows in order of arrival, page by page, until they are too young."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from retention.moments import SECOND, iso
from retention.plan import LOOSE, RAW, STRIPPED, Task, arrivals
from schema.signals import Signal
from store.forgetting import PINNED, Found, OldSide

PAGE: Final = 4_000
"""Rows that are looked at in one read."""
GENERAL: Final = "[{}]"
"""The rules when there is only the general one, as JSON."""


def pages(side: OldSide, task: Task, now: int, until: dict[Signal, int]) -> Iterator[dict[str, list[Found]]]:
    """Find what a task takes, page by page, by rule."""
    after: Found | None = None
    rows = arrivals(_read(side, task.what, task.scopes, bounds(task.what, now, until, task.shortest)), now)
    while page := list(islice(rows, PAGE)):
        after = page[-1][0]
        taken: dict[str, list[Found]] = defaultdict(list)
        for found, came in page:
            rule = task.took(found, came, now)
            if rule is not None:
                taken[rule].append(found)
        if taken:
            yield taken
        elif after.came >= now - int(task.shortest * SECOND):
            return


def oldest(side: OldSide, what: str, now: int, until: int) -> Iterator[list[tuple[Found, int]]]:
    """Give all raw rows that are not pinned, a page at a time, each with when it came."""
    rows = arrivals(_read(side, what, GENERAL, {"until": until}), now)
    while page := list(islice(rows, PAGE)):
        free = [(found, came) for found, came in page if PINNED not in found.rules]
        if free:
            yield free


def unless_awaited(side: OldSide, until: Mapping[Signal, int]) -> dict[Signal, int]:
    """Leave what an exporter is still to send on; it gives up by itself what waits too long, and counts it."""
    sent = side.sent_until()
    return {signal: min(number, sent.get(signal, number)) for signal, number in until.items()}


def bounds(what: str, now: int, until: dict[Signal, int], shortest: float = 0) -> dict[str, object]:
    """Give what a question about a kind is bound by."""
    signal = RAW.get(what) or STRIPPED.get(what)
    if signal is not None:
        return {"until": until[signal]}
    if what in LOOSE:
        return {}
    return {"before": iso(now - int(shortest * SECOND))}


def _read(side: OldSide, what: str, scopes: str, bound: dict[str, object]) -> Iterator[Found]:
    """Read rows on and on; the rules of rows are only looked up when there may be another than the general one."""
    may_differ = what != "raw_points" and what not in LOOSE
    is_scoped = may_differ and (scopes != GENERAL or bool(side.rows("scoped")))
    after: Found | None = None
    while page := side.find(what, after, PAGE, **bound, scopes=scopes if is_scoped else None):
        yield from page
        after = page[-1]
