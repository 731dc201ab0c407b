"""Note which names and statuses spans have, and which services they are from, by the hour in which they began.

What is kept is bounded, however many names there are: 10,000 of a kind and 256 in an hour; others count together.
Counting and writing are done in bulk: each record costs less than a microsecond.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

from mapping.record import Record
from schema.derived import NAMED, OTHER, Changes, Step

HOUR: Final = 3_600_000_000_000
MOST_NAMES: Final = 10_000
"""Names of a kind."""
MOST_IN_HOUR: Final = 256
"""Names of a kind in one hour; after a restart they are counted anew."""
HOURS: Final = 64
"""Hours whose names are remembered."""
LONGEST: Final = 200
"""Characters of a name that is counted by itself."""
NEW_S: Final = 1.0
"""How often is written when there are names or hours that were not seen before."""
EVERY_S: Final = 30.0
EVERY_RECORDS: Final = 5_000
"""How often counts alone are written; so many records are read again after a restart."""
FORGET_S: Final = 3_600.0
"""How often hours are forgotten of which no span, or no entry, is left."""
SPAN, SERVICE, STATUS = "span", "service", "status"

Key = tuple[str, str, int]
"""Kind, name, and hour since 1970."""


class Names:
    """Hold what is not written yet, and which names are known."""

    def __init__(self, known: Iterable[tuple[str, str]], position: int) -> None:
        """Go on from the kinds and names that are kept, and from up to which span they are counted."""
        self.position = position
        self._known: dict[str, set[str]] = {SPAN: set(), SERVICE: set(), STATUS: set()}
        for kind, name in known:
            self._known.setdefault(kind, set()).add(name)
        self._hours: OrderedDict[tuple[str, int], set[str]] = OrderedDict()
        self._counts: dict[tuple[str, Any, int, int], list[int]] = {}
        self._seen: frozenset[Any] = frozenset()
        self._last = position
        self._written = self._forgot = float("-inf")
        self._is_new = False

    def see(self, number: int, record: Record) -> None:
        """Count a span, unless it is counted; `number` is its id."""
        if number <= self.position or not record.is_span:
            return
        self.position = number
        start = record.start
        took = record.end - start
        alike = (record.name, record.resource.get("service.name"), start // HOUR, record.status)
        try:
            counts = self._counts[alike]
        except KeyError:
            counts = self._counts[alike] = [0, 0]
            self._is_new |= alike not in self._seen
        except TypeError:  # a service that is no text
            counts = self._counts.setdefault((record.name, None, *alike[2:]), [0, 0])
        counts[0] += 1
        counts[1] = max(counts[1], took)

    def changes(self, clock: float) -> Changes:
        """Give what is to be written now, if it is time; `clock` is in seconds."""
        unwritten = self.position - self._last
        wait = NEW_S if self._is_new else EVERY_S
        if not unwritten or (clock - self._written < wait and unwritten < EVERY_RECORDS):
            return Changes()
        steps = [
            Step("count_name", {"kind": kind, "name": name, "hour": hour, "records": records, "longest": longest})
            for (kind, name, hour), (records, longest) in self._lines().items()
        ]
        if clock - self._forgot >= FORGET_S:
            self._forgot = clock
            steps += [Step("forget_names", {}), Step("forget_entry_hours", {})]
        self._seen, self._counts = frozenset(self._counts), {}
        self._last, self._written, self._is_new = self.position, clock, False
        return Changes(steps=steps, positions={NAMED: self.position})

    def hurry(self) -> None:
        """Write what is counted at the next call: what is about to be erased must not be written after that."""
        self._written = float("-inf")

    def _lines(self) -> dict[Key, list[int]]:
        """Bring what was counted to its lines: its own, or that of the others of its hour."""
        lines: dict[Key, list[int]] = {}
        for (name, service, hour, status), (records, longest) in self._counts.items():
            known = {SPAN: name, SERVICE: service if isinstance(service, str) else "", STATUS: str(status)}
            for kind, told in known.items():
                line = lines.setdefault((kind, self._place(kind, told, hour), hour), [0, 0])
                line[0] += records
                line[1] = max(line[1], longest)
        return lines

    def _place(self, kind: str, name: str, hour: int) -> str:
        known, here = self._known[kind], self._here(kind, hour)
        if name in here:
            return name
        is_new = name not in known
        if len(name) > LONGEST or len(here) >= MOST_IN_HOUR or (is_new and len(known) >= MOST_NAMES):
            return OTHER
        known.add(name)
        here.add(name)
        return name

    def _here(self, kind: str, hour: int) -> set[str]:
        """Give the names of an hour."""
        here = self._hours.setdefault((kind, hour), set())
        self._hours.move_to_end((kind, hour))
        if len(self._hours) > HOURS:
            self._hours.popitem(last=False)
        return here
