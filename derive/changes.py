"""Find what is different from what was written, and hand it over in pieces that do not hold up the writer."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Final

from derive.groups import Group
from derive.later import Later
from schema.derived import TABLES, CallCost, Changes, Row, Step, Table
from schema.signals import Signal

Rows = dict[str, dict[Row, Row]]
"""Rows by table and key."""
PIECE: Final = 1_000
"""Rows that are written in one transaction, the more the fewer pages: who sends meanwhile waits 45 ms, 100 at most."""
FAR: Final = 500
"""Rows after which a position is written though nothing was derived: so many are read again after a restart."""


class Pending:
    """Hold changes that are not written yet."""

    def __init__(self, write: Callable[[Changes], object]) -> None:
        """Hand changes to `write`, which returns when they are durable."""
        self.handed = 0
        """How many changes were handed over."""
        self._write = write
        self._changes = Changes()
        self._queue: deque[Changes] = deque()
        self._positions: dict[Signal, int] = {}
        self._changed = False

    def add(self, group: Group, rows: Rows) -> None:
        """Take what is different in a group's rows, and write what has come together when it is enough."""
        for table in TABLES:
            if rows.get(table) or group.written.get(table):
                self._compare(group, table, rows.get(table, {}))
        if group.sealed and any(rows.get(table, {}).keys() - group.sealed.get(table, {}) for table in RECORDED):
            self._add_to(group, rows)
        self._write_many()

    def add_later(self, group: Group, later: Later) -> None:
        """Take what the clock has changed in a group's rows."""
        for table, rows in later.put.items():
            compared = COMPARED[table]
            group.written.setdefault(table, {}).update((key, hash(compared(row))) for key, row in rows.items())
            self._changes.put.setdefault(table, []).extend(rows.values())
        for table, keys in later.gone.items():
            for key in keys:
                group.written.get(table, {}).pop(key, None)
            self._changes.gone.setdefault(table, []).extend(keys)
        self._write_many()

    def add_whole(self, changes: Changes) -> None:
        """Take changes that are written in one piece."""
        if len(changes) or changes.positions:
            self._queue.append(changes)

    def tell(self, told: Iterable[Changes]) -> None:
        """Have commands done behind all rows that came before them."""
        for changes in told:
            if len(self._changes):
                self._queue_up()
            self._queue.append(changes)
            self._changed = True

    def flush(self, positions: dict[Signal, int]) -> None:
        """Write what is left, and how far everything is derived from: after changes, or when that is far behind."""
        moved = {signal: after for signal, after in positions.items() if self._positions.get(signal) != after}
        far = any(after - self._positions.get(signal, 0) >= FAR for signal, after in moved.items())
        if len(self._changes) or self._changes.steps or (moved and (self._changed or far)):
            self._changes.positions = {str(signal): after for signal, after in moved.items()}
            self._positions.update(moved)
            self._queue_up()
            self._changed = False
        self.write()

    def recount(self, days: Iterable[str]) -> None:
        """Have days added up anew, each by itself."""
        self._queue.extend(Changes(days=[day]) for day in days)
        self.write()

    def price(self, costs: list[CallCost]) -> None:
        """Have calls' costs written."""
        if costs:
            self._queue.append(Changes(costs=costs))
        self.write()

    def write(self) -> None:
        """Write what is queued; what could not be written stays, and is first the next time."""
        while self._queue:
            self._write(self._queue[0])
            self._queue.popleft()
            self.handed += 1

    def _write_many(self) -> None:
        """Write what has come together when it is enough."""
        if len(self._changes) >= PIECE:
            self._queue_up()
            self.write()

    def _queue_up(self) -> None:
        changes, self._changes = self._changes, Changes()
        self._changed = True
        self._queue.extend(pieces(changes))

    def _compare(self, group: Group, table: str, rows: dict[Row, Row]) -> None:
        """Put rows that are new or different; remove those that are no more."""
        written, sealed = group.written.setdefault(table, {}), group.sealed.get(table, {})
        compared, once = COMPARED[table], ONCE.get(table)
        put: list[Row] = []
        for key, row in rows.items():
            if key in sealed:
                continue
            digest = hash(compared(row))
            if written.get(key) != digest or (once and any(once(row))):
                written[key] = digest
                put.append(row)
        if put:
            self._changes.put.setdefault(table, []).extend(put)
        for key in written.keys() - rows.keys():
            del written[key]
            self._changes.gone.setdefault(table, []).append(key)

    def _add_to(self, group: Group, rows: Rows) -> None:
        """Let what is new add to rows that cannot be made anew: sessions go on, runs of agents have more calls."""
        for table, step in ADDED.items():
            sealed = group.sealed.get(table, {})
            for key in rows.get(table, {}).keys() & sealed:
                row = rows[table][key]
                if sealed[key] != hash(row):
                    sealed[key] = hash(row)
                    values = dict(zip(TABLES[table].columns, row, strict=True))
                    self._changes.steps.append(Step(step, {name: values[name] for name in TAKEN[table]}))


def pieces(changes: Changes) -> list[Changes]:
    """Cut changes so that each takes the writer a moment only; what is removed comes first, the positions last."""
    if len(changes) <= PIECE * 2:
        return [changes]
    cut = [Changes(gone={table: rows}) for table, rows in _slices(changes.gone)]
    cut += [Changes(put={table: rows}) for table, rows in _slices(changes.put)]
    cut[-1].positions, cut[-1].steps = changes.positions, changes.steps
    return cut


def _slices(held: dict[str, list[Row]]) -> Iterator[tuple[str, list[Row]]]:
    for table, rows in held.items():
        for start in range(0, len(rows), PIECE):
            yield table, rows[start : start + PIECE]


RECORDED: Final = ("agent_traces", "model_calls", "tool_calls", "events")
"""Tables whose rows tell of records one by one."""
ADDED: Final = {"agent_sessions": "go_on_with_session", "agents": "add_up_agent"}
"""The steps that change rows of which records are gone."""
TAKEN: Final = {
    "agent_sessions": ("session_id", "ended_at", "exit_reason", "closed_by", "last_seen_at"),
    "agents": ("agent_id", "status", "ended_at"),
}
"""What these take of what is new."""


def _columns(table: Table, columns: Iterable[str]) -> Callable[[Row], Row]:
    """Take columns out of a table's rows."""
    first, *others = [table.columns.index(column) for column in columns]
    return itemgetter(first, *others) if others else lambda row: (row[first],)


COMPARED: Final = {
    name: _columns(table, (column for column in table.columns if column not in table.kept))
    for name, table in TABLES.items()
}
"""Takes what two rows of a table are compared by."""
ONCE: Final = {name: _columns(table, table.kept) for name, table in TABLES.items() if table.kept}
"""Takes the columns that are written once: they are no longer there to compare, and written whenever they are."""
