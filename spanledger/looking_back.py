"""Answer `spanledger rebuild` and `spanledger recost`: by the running collector, or here when there is none."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from api.operations import OPERATIONS, PREFIX
from core.errors import AlreadyRunning
from derive.channel import Order
from derive.deriver import Deriver
from derive.meaning import Rules
from derive.prices import catalogue
from derive.process import obey
from schema.derived import Changes
from spanledger.config import Config
from spanledger.options import NotFound, database
from spanledger.sinks import DaemonSink, daemon, patiently
from spanledger.terminal import Progress, say, say_json
from store import lock
from store.lock import Lock
from store.raw import SqliteRawSide
from store.sqlite import SqliteWriteSide

LOOK_S: Final = 0.5
TOLD: Final = {"rebuild": "everything is derived again", "recost": "past calls are priced by the prices of now"}


def show(config: Config, what: str, *, as_json: bool) -> None:
    """Have it done, and say so when it is."""
    path = database(config)
    if not path.exists():
        raise NotFound(f"there is no database at {path}; start one with `spanledger serve`, or name another with --db")
    began = time.monotonic()
    holder = lock.read(path)
    if holder is None:
        with Lock(path):
            here(config, Order(what))
    elif holder.http is None:
        raise AlreadyRunning(f"{path} is in use by {holder}, which has no HTTP port; stop it or switch that port on")
    else:
        with daemon(config, holder) as sink:
            _there(sink, what)
    took = round(time.monotonic() - began, 1)
    if as_json:
        say_json({"done": what, "seconds": took})
    else:
        say(f"{TOLD[what]} ({took} s)")


def catch_up(config: Config) -> None:
    """Derive from what is new while no collector runs; one that has just started will do it itself."""
    with suppress(AlreadyRunning), Lock(database(config)):
        here(config)


def here(config: Config, order: Order | None = None) -> None:
    """Derive in this process, which holds the database's lock: what is new, and what is ordered."""
    side = patiently(lambda: SqliteWriteSide(config.store.model_copy(update={"reserve": 0})))
    try:
        derive(config, side.apply, order)
    finally:
        side.close()


def derive(config: Config, write: Callable[[Changes], Any], order: Order | None = None) -> None:
    """Derive until there is nothing left to do; `write` returns when changes are durable."""
    raw = SqliteRawSide(database(config))
    progress = Progress("rows derived from")
    try:
        told = config.derive
        grace, idle, park = (int(seconds * 1e9) for seconds in (told.job_grace, told.session_idle, told.park))
        rules = Rules(catalogue(raw), grace=grace, idle=idle, park=park)
        deriver = Deriver(raw, write, rules, clock=lambda: 0.0)  # nothing else needs the time that large groups take
        if order is not None:
            obey(order, deriver)
        before = deriver.backlog()
        while patiently(lambda: deriver.step(time.time_ns())) or deriver.looks_back:
            left = deriver.backlog()
            progress.add(max(0, before.rows + before.again - left.rows - left.again))
            before = left
    finally:
        progress.close()
        raw.close()


def _there(sink: DaemonSink, what: str) -> None:
    """Ask the collector, and wait until it says that it is done."""
    operation = OPERATIONS[what]
    number = sink.ask(operation.method, PREFIX + operation.path, b"")["order"]
    progress, left = Progress("rows derived from"), None
    try:
        while (state := sink.ask("GET", f"{PREFIX}/derived", b""))["done"] < number:
            if left is not None:
                progress.add(max(0, left - state["again"]))
            left = state["again"]
            time.sleep(LOOK_S)
    finally:
        progress.close()
