"""Keep the database within its rules beside the daemon's work: a thread that goes round by the clock or when asked."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from threading import Condition, Thread
from typing import Any, Final, TypeVar

from core.errors import SpanledgerError
from retention.config import Retention
from retention.erasing import Around as Helpers
from retention.erasing import Erased, Erasing, to_erase
from retention.finding import unless_awaited
from retention.holdings import Subject
from retention.looking import damage, look_if_due
from retention.rounds import Around, go_round, moment, planned
from retention.sweep import Archiving, Pace, Sweep
from store.forgetting import OldSide
from store.protocol import WriteSide

T = TypeVar("T")
log = logging.getLogger(__name__)

FIRST_S: Final = 60.0
"""The first round is so long after the start: what was received before is derived from by then."""
AGAIN_S: Final = 60.0
"""A round that could not begin because records are not derived from is tried again after this."""
STOP_S: Final = 2.0
TOLD: Final = 100
"""So many of the last things that were erased are known."""


class Keeper:
    """Own the thread; all methods may be called from any other."""

    def __init__(  # noqa: PLR0913  what a round needs of the daemon
        self,
        config: Retention,
        open_side: Callable[[], OldSide],
        run: Callable[[Callable[[WriteSide], Any]], "Future[Any]"],
        *,
        busy: Callable[[], bool],
        is_derived: Callable[[], bool],
        is_near: Callable[[], bool],
        free: Callable[[], int],
        helpers: Helpers,
        archive: Callable[[OldSide, int], Archiving | None] = lambda _side, _now: None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """Open nothing; `run` has work done by the writer, `is_derived` says whether all records are derived from.

        `is_near` says whether all but the newest are: a round by the clock takes what is known to be derived from then.
        """
        self.rounds = self.failed_rounds = 0
        self.seconds = 0.0
        self.rows: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.waiting: list[str] = []
        self._config, self._open, self._run = config, open_side, run
        self._is_near = is_near
        self._busy, self._is_derived, self._free, self._archive, self.clock = busy, is_derived, free, archive, clock
        self._helpers = helpers
        self._to_erase: deque[tuple[int, Subject, str, str]] = deque()
        self._erased: deque[tuple[int, Erased | str]] = deque(maxlen=TOLD)
        self._changed = Condition()
        self._over = False
        self._ordered = self._done = 0
        self._token: str | None = None
        self._is_wanted = False
        self._goes = False
        self._sides: list[OldSide] = []
        self._thread = Thread(target=self._live, name="retention")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it after the piece under way, and whatever is read."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for side in list(self._sides):
            side.interrupt()
        self._thread.join(STOP_S)

    def order(self, token: str | None = None) -> int:
        """Ask for a round now; give its number, which `done` in the state reaches. `token` agrees to new rules."""
        with self._changed:
            self._ordered += 1
            self._is_wanted = True
            self._token = token or self._token
            self._changed.notify_all()
            return self._ordered

    def erase(self, kind: str, name: str, *, who: str, address: str) -> int:
        """Have a session or a user erased; give the order's number, as `order` does. `erased` says what came of it."""
        with self._changed:
            self._ordered += 1
            self._to_erase.append((self._ordered, Subject(kind, name), who, address))
            self._changed.notify_all()
            return self._ordered

    def to_erase(self, kind: str, name: str) -> dict[str, Any]:
        """Say what erasing takes now; raise Missing, or Invalid. Reads for a while."""
        with self._reading() as side:
            return to_erase(side, Subject(kind, name), self._helpers)

    def erased(self, number: int) -> dict[str, Any] | str | None:
        """Say what came of an order to erase, or why nothing did; None when it is not known."""
        told = dict(self._erased).get(number)
        return asdict(told) if isinstance(told, Erased) else told

    def state(self) -> dict[str, Any]:
        """Say how it goes."""
        return {"done": self._done, "running": self._goes, "rounds": self.rounds, "waiting": list(self.waiting)}

    def plan(self) -> dict[str, Any]:
        """Say what a round would take now; reads for a while."""
        with self._reading() as side:
            return planned(side, self._config, self._around(side, self.clock()))

    def _live(self) -> None:
        trouble = self._tried(self._go_on)
        if trouble and not self._over:
            log.warning("what was being erased when the last run ended is not finished: %s", trouble)
        wait = FIRST_S
        while True:
            with self._changed:
                self._changed.wait_for(self._has_something, timeout=wait)
                if self._over:
                    return
                ordered, token, is_wanted = self._ordered, self._token, self._is_wanted
                to_erase = [*self._to_erase]
                self._is_wanted = False
            for number, subject, who, address in to_erase:
                work = partial(self._erase, subject, who, address)
                self._erased.append((number, self._tried(work)))
            if is_wanted or not to_erase:
                wait = self._config.every if self.go(token, is_ordered=is_wanted) else AGAIN_S
            with self._changed:
                self._done, self._token = ordered, None if is_wanted else self._token
                self._to_erase = deque(one for one in self._to_erase if one[0] > ordered)

    def _has_something(self) -> bool:
        return self._over or self._ordered > self._done

    def _go_on(self) -> None:
        """Go on with what was being erased when the last run ended."""
        with self._reading() as side:
            erasing = self._erasing(side, self.clock())
            if erasing.go_on() and not erasing.troubles:
                log.info("finished what was being erased when the last run ended")
            for trouble in erasing.troubles:
                log.warning("erasing: %s", trouble)

    def _tried(self, work: Callable[[], T]) -> T | str:
        """Do what was ordered, or say why it could not be done."""
        self._goes = True
        try:
            return work()
        except SpanledgerError as error:
            return str(error)
        except Exception:  # a mistake of ours must not end the thread
            log.exception("something could not be erased")
            return "a mistake of the program; the log says more, and the same can be erased again"
        finally:
            self._goes = False

    def _erase(self, subject: Subject, who: str, address: str) -> Erased:
        with self._reading() as side:
            return self._erasing(side, self.clock()).erase(subject, who=who, address=address)

    def _erasing(self, side: OldSide, now: int) -> Erasing:
        return Erasing(Sweep(side, self._hand, now, {}, Pace(busy=self._busy), None, self.is_over), self._helpers)

    def go(self, token: str | None, *, is_ordered: bool) -> bool:
        """Go round if it is time for that; say whether it was."""
        if not is_ordered and not self._is_near():
            return False
        self._goes, began, went_well = True, time.monotonic(), False
        try:
            went_well = self._round(token, is_ordered=is_ordered)
            for what in self.waiting:
                log.warning("retention: %s", what)
        except SpanledgerError as error:  # the store is in trouble, or the daemon stops
            self.waiting = [str(error)]
            if not self._over:
                log.warning("old records could not be forgotten: %s", error)
        except Exception:  # a mistake of ours must not end the thread
            log.exception("old records could not be forgotten")
        finally:
            self._goes = False
            self.rounds += 1
            self.failed_rounds += not went_well and not self._over
            self.seconds += time.monotonic() - began
        return True

    def _round(self, token: str | None, *, is_ordered: bool) -> bool:
        """Go round; say whether all went well. Where no rule is in force, what comes late for what was erased goes."""
        with self._reading() as side:
            wall = self.clock()
            erasing = self._erasing(side, wall)
            erasing.erase_late()
            self.waiting, troubles = [*erasing.troubles], len(erasing.troubles)
            if is_ordered or self._config.enabled:
                now = wall if is_ordered else moment(side, wall)
                troubles += self._forget(side, now, wall, token)
            if not is_ordered:
                look_if_due(erasing.sweep, is_quiet=self._is_derived())
            damaged = damage(side.state())
            self.waiting += damaged
            return not (troubles or damaged)

    def _forget(self, side: OldSide, now: int, wall: int, token: str | None) -> int:
        """Forget by the rules; give how much went wrong."""
        if now < wall:
            log.warning("the clock is far ahead of the last sweep; this one goes on by a day, the next by another")
        around = self._around(side, now)
        pace, archive = Pace(busy=self._busy), self._archive(side, now)
        sweep = Sweep(side, self._hand, now, dict(around.until), pace, archive, self.is_over)
        self.waiting += go_round(sweep, self._hand, self._config, around, token=token)
        self._tell(sweep)
        return len(sweep.troubles)

    @contextmanager
    def _reading(self) -> Iterator[OldSide]:
        """Open the database for a while; the end of the daemon interrupts what is read."""
        side = self._open()
        self._sides.append(side)
        try:
            yield side
        finally:
            self._sides.remove(side)
            side.close()

    def _tell(self, sweep: Sweep) -> None:
        for (_rule, kind), tally in sweep.told.items():
            self.rows[kind] += tally.rows
            self.bytes[kind] += tally.bytes
        rows = sum(tally.rows for tally in sweep.told.values())
        if rows:
            log.info("forgot %d rows that were old", rows)

    def _around(self, side: OldSide, now: int) -> Around:
        done = side.ends() if self._is_derived() else side.derived_until()
        return Around(now, self._free, unless_awaited(side, done))

    def _hand(self, work: Callable[[WriteSide], T]) -> T:
        done: T = self._run(work).result()
        return done

    def is_over(self) -> bool:
        """Say whether this ends."""
        return self._over
