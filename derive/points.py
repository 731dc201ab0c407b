"""Follow metric points: fold those that tell of a session's tokens and money, and say which sessions they concern.

Points are many, and most say nothing of this: SQLite leaves them out by their names. Of the others only what they come
to is kept, in `usage_series`, for the raw points have no index by session. Each row says up to which point it counts,
so that points read twice count once. A session is handed on when it has been known by its metrics alone for a while.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

from derive.series import Key, row_of, series_of
from derive.text import iso
from mapping.metered import ALONE
from mapping.metrics import METRICS, Meter, meter_of
from mapping.record import Above
from mapping.series import NEVER, Kind, Series, amount_of, kind_of
from schema.derived import USAGE_SERIES, Changes, Row, Step
from schema.signals import Signal
from schema.values import content_id
from store.raw_side import RawSide

READ_IDS: Final = 20_000
"""Points that are passed at a time, whatever they tell."""
HELD_SERIES: Final = 10_000
"""Series in memory; those of the longest quiet sessions are forgotten, and read again when needed."""
WRITE_S: Final = 5.0
WRITE_SERIES: Final = 1_000
"""How often folded series are written, and after how many of them in any case."""
FAR: Final = 50_000
"""Points after which a position is written though nothing was folded; so many are read again after a restart."""
WAITING: Final = 50_000
"""Sessions that wait for their time: those of a clock that is wrong do so for long."""
REMEMBERED: Final = 8_192
NAMES: Final = orjson.dumps([*METRICS]).decode()
POSITION: Final = str(Signal.METRICS)


@dataclass(slots=True)
class Held:
    """Hold the series of a session, and the earliest time of a point of them."""

    series: dict[Key, Series]
    first: int

    @classmethod
    def of(cls, series: Iterable[Series]) -> "Held":
        """Take folded series."""
        held = {(one.key, one.start): one for one in series}
        return cls(held, min((one.first for one in held.values()), default=NEVER))


class Points:
    """Read on in the points, as far as spans and log records leave time for it."""

    def __init__(self, side: RawSide) -> None:
        """Go on from what the store says."""
        self._side = side
        self._position = self._written = side.points_end()[1]
        self._sessions: OrderedDict[str, Held] = OrderedDict()
        self._held = 0
        self._changed: dict[Key, Series] = {}
        self._waiting: dict[str, tuple[int, int]] = {}
        self._handed: dict[str, int] = {}
        self._wrote = float("-inf")
        self._about = lru_cache(REMEMBERED)(self._read_meter)
        self._above = lru_cache(REMEMBERED)(self._read_above)
        self._more = self._afresh = False

    @property
    def looks_back(self) -> bool:
        """Say whether all points are being read again."""
        return self._afresh

    @property
    def position(self) -> int:
        """Say up to which id points are read."""
        return self._position

    @property
    def left(self) -> int:
        """Count the points that are not read."""
        return max(0, self._side.points_end()[0] - self._position)

    def read(self) -> bool:
        """Take the next points in; say whether there are more."""
        end = self._side.points_end()[0]
        until = min(end, self._position + READ_IDS)
        if until > self._position:
            for row in self._side.points(self._position, until, NAMES):
                self._take(row)
            self._position = until
        self._more = until < end
        return self._more

    def due(self, now: int) -> Iterator[str]:
        """Give the sessions to derive from by now: new points tell of them, and no record does of their calls.

        What came with the points must be derived and written: then it is known which calls records tell of.
        """
        self._handed = {session: number for session, (number, moment) in self._waiting.items() if moment <= now}
        for session in self._handed:
            if self._afresh or not self._side.is_counted(session):
                yield session
            del self._waiting[session]
        self._afresh &= self._more

    def of(self, session_id: str) -> list[Series]:
        """Give the folded series of a session that count if no record tells of its calls.

        None do where a program wrote the calls itself, or where its records name better sessions than its resource.
        """
        series = self._of(session_id).series.values()
        if not series or self._side.is_told(session_id):
            return []
        return [one for one in series if not (one.meter.by_resource and self._is_told(one))]

    def changes(self, clock: float) -> Changes:
        """Give what is to be written now, if it is time; `clock` is in seconds."""
        settled = self._settled()
        is_time = self._changed and clock - self._wrote >= WRITE_S
        if not is_time and len(self._changed) < WRITE_SERIES and settled - self._written < FAR:
            return Changes()
        changes = Changes(positions={POSITION: settled})
        if self._changed:
            changes.put[USAGE_SERIES.name] = [row_of(series) for series in self._changed.values()]
        self._changed, self._wrote, self._written = {}, clock, settled
        self._forget()
        return changes

    def again(self) -> Changes:
        """Begin anew at the first point; give what is to be written before.

        What points came to stays when some were forgotten: it cannot be made anew, and a point counts once in it.
        """
        self._position = self._written = 0
        self._sessions.clear()
        self._held = 0
        self._changed, self._waiting, self._handed, self._more = {}, {}, {}, True
        self._afresh = True
        steps = [] if self._side.forgets() else [Step("forget_series", {})]
        return Changes(positions={POSITION: 0}, steps=steps)

    def _take(self, row: Row) -> None:
        """Fold a point in, if it is one of a session's."""
        number, resource, scope, name, kind, temporality, monotonic, start, time, attributes, value, total = row
        (series, meter), put = self._about(resource, scope, name, attributes), kind_of(kind, temporality, monotonic)
        amount = amount_of(meter.part, total if value is None else value) if meter else None
        if meter is None or put is None or amount is None or not time:
            return
        held = self._of(meter.session_id)
        key = series, 0 if put is Kind.DELTA else start or 0
        if key not in held.series:
            held.series[key] = Series(meter, *key, put)
            self._held += 1
        if held.series[key].take(number, start or 0, time, amount):
            self._changed[key] = held.series[key]
            held.first = min(held.first, time)
        self._wait(meter.session_id, number, held)

    def _wait(self, session_id: str, number: int, held: Held) -> None:
        """Have a session derived from when it is time; of too many that wait, the first is left to its next point."""
        first, _ = self._waiting.get(session_id, (number, 0))
        self._waiting[session_id] = first, held.first + ALONE
        if len(self._waiting) > WAITING:
            del self._waiting[next(iter(self._waiting))]

    def _settled(self) -> int:
        """Say from where to read after a restart: what waits now, and what is not written yet, is to wait again."""
        held = (*self._handed.values(), *(number for number, _ in self._waiting.values()))
        return max(min(held, default=self._position + 1) - 1, self._position - FAR, self._written)

    def _is_told(self, series: Series) -> bool:
        """Say whether records tell of the calls of a program in the time of a series whose points name no session."""
        return self._side.calls_of(series.meter.emitter, iso(series.began), iso(series.last))

    def _of(self, session_id: str) -> Held:
        held = self._sessions.get(session_id)
        if held is None:
            known = map(series_of, self._side.series_of(session_id))
            held = self._sessions[session_id] = Held.of(one for one in known if one is not None)
            self._held += len(held.series) + 1
        self._sessions.move_to_end(session_id)
        return held

    def _forget(self) -> None:
        """Forget the longest quiet sessions that are too many, when all that is new of them is handed over."""
        while self._held > HELD_SERIES and self._sessions:
            _, held = self._sessions.popitem(last=False)
            self._held -= len(held.series) + 1

    def _read_meter(self, resource: int, scope: int, name: str, attributes: str) -> tuple[int, Meter | None]:
        meter = meter_of(name, orjson.loads(attributes), self._above(resource, scope))
        return content_id(resource, scope, name, attributes), meter

    def _read_above(self, resource: int, scope: int) -> Above:
        return Above.read(self._side.resource(resource), *self._side.scope(scope))
