"""Do one round: see which rules hold, forget what is old by them, make room, give it back.

A round by the clock moves on by at most a day from the last one: a clock that leaps takes a day's records an hour,
which is said, and not all of them at once (reliability.md P18).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from core.section import size_text
from retention.agreement import Agreement, agreed, agreement, rules_text
from retention.config import Retention
from retention.finding import pages
from retention.moments import SECOND, iso
from retention.plan import Task, tasks
from retention.sweep import Hand, Sweep
from schema.derived import Step
from schema.signals import Signal
from store.forgetting import Found, OldSide, Piece

REACHED: Final = "reached"
TIDIED: Final = "tidied"
DAY: Final = 24 * 3600 * SECOND
YOUNGEST: Final = 3600 * SECOND
"""Records of the last hour stay even when there is no room: sessions may still go on."""


@dataclass(frozen=True, slots=True)
class Around:
    """Hold what a round must not find out by itself: the time, how much room the disk has, up to where it may go."""

    now: int
    free: Callable[[], int]
    until: Mapping[Signal, int]


@dataclass(frozen=True, slots=True)
class Line:
    """Say what a rule takes of a kind."""

    rule: str
    what: str
    rows: int
    bytes: int
    oldest: str | None


def planned(side: OldSide, config: Retention, around: Around) -> dict[str, Any]:
    """Say what a round would take, and what waits for somebody's word."""
    told = _agreement(side, config, around)
    room = side.room()
    return {
        "rules": rules_text(config),
        "agreed": not told.pending,
        "pending": list(told.pending),
        "token": told.token,
        "lines": [asdict(line) for task in tasks(config) if not task.is_idle for line in _lines(side, task, around)],
        "held_back": [asdict(line) for line in _held_back(side, told, around)],
        "pins": [dict(zip(("kind", "name", "note", "created_at"), row, strict=True)) for row in side.rows("pins")],
        "file_bytes": room.file_bytes,
        "free_bytes": room.free_bytes,
        "over_size": max(0, room.live_bytes - config.max_size) if config.max_size else 0,
    }


def go_round(sweep: Sweep, hand: Hand, config: Retention, around: Around, *, token: str | None) -> list[str]:
    """Do one round, and say what went wrong or waits; `token` agrees to the change of rules that was shown with it."""
    told = _agreement(sweep.side, config, around)
    is_agreed = not told.pending or token == told.token
    if is_agreed and told.is_new:
        hand(lambda side: side.forget(Piece(steps=agreed(config))))
    for task in tasks(config, None if is_agreed else told.before):
        if not sweep.stopped():
            sweep.run(task)
    _make_room(sweep, config if is_agreed else told.before, around)
    _finish(sweep, hand)
    waiting = [] if is_agreed else [f"not agreed to: {what}" for what in told.pending]
    return [*sweep.troubles, *waiting]


def moment(side: OldSide, wall: int) -> int:
    """Give the time of a round by the clock: at most a day after the last one."""
    reached = side.state().get(REACHED)
    return wall if reached is None else min(wall, int(reached) + DAY)


def _agreement(side: OldSide, config: Retention, around: Around) -> Agreement:
    """See what is agreed to; rules of a new database are, unless they would take what is there."""
    told = agreement(config, side.state())
    if told.is_first and not any(_takes(side, task, around) for task in tasks(config)) and not _is_over(side, config):
        return Agreement(told.config, told.before, (), is_first=True)
    return told


def _takes(side: OldSide, task: Task, around: Around) -> bool:
    return not task.is_idle and next(pages(side, task, around.now, dict(around.until)), None) is not None


def _is_over(side: OldSide, config: Retention) -> bool:
    return config.max_size is not None and side.room().live_bytes > config.max_size


def _held_back(side: OldSide, told: Agreement, around: Around) -> Iterator[Line]:
    """Say what goes only by the rules that are not agreed to."""
    if not told.pending:
        return
    kept = {
        (line.rule, line.what): line for task in tasks(told.config, told.before) for line in _safe(side, task, around)
    }
    for task in tasks(told.config):
        for line in _safe(side, task, around):
            less = kept.get((line.rule, line.what))
            rows = line.rows - (less.rows if less else 0)
            if rows:
                yield Line(line.rule, line.what, rows, line.bytes - (less.bytes if less else 0), line.oldest)


def _safe(side: OldSide, task: Task, around: Around) -> Iterator[Line]:
    return iter(()) if task.is_idle else _lines(side, task, around)


def _lines(side: OldSide, task: Task, around: Around) -> Iterator[Line]:
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    first: dict[str, Found] = {}
    for page in pages(side, task, around.now, dict(around.until)):
        for rule, found in page.items():
            rows[rule][0] += len(found)
            rows[rule][1] += sum(row.size for row in found)
            first.setdefault(rule, found[0])
    for rule, (count, size) in rows.items():
        yield Line(rule, task.what, count, size, iso(first[rule].came))


def _make_room(sweep: Sweep, config: Retention, around: Around) -> None:
    floor = around.now - YOUNGEST
    if config.max_size is not None and _is_over(sweep.side, config):
        most = config.max_size
        sweep.make_room(f"max_size={size_text(most)}", lambda: sweep.side.room().live_bytes - most, floor)
    if config.min_free is not None and around.free() < config.min_free:
        least = config.min_free
        sweep.make_room(f"min_free={size_text(least)}", lambda: least - around.free(), floor)


def _finish(sweep: Sweep, hand: Hand) -> None:
    """Tidy once a day, shrink the file, and note how far this went."""
    state = sweep.side.state()
    steps = [_noted(REACHED, max(sweep.now, int(state.get(REACHED, 0))))]
    if sweep.now >= int(state.get(TIDIED, 0)) + DAY or sweep.now < int(state.get(TIDIED, 0)):
        sweep.tidy()
        steps.append(_noted(TIDIED, sweep.now))
    sweep.shrink()
    hand(lambda side: side.forget(Piece(steps=steps)))


def _noted(key: str, moment: int) -> Step:
    return Step("set_retention", {"key": key, "value": str(moment)})
