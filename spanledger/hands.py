"""Read and write for programs: open the database for a question, hand a write to whoever writes.

A write goes to the daemon that runs on the database; without one, this process writes for that moment.
"""

import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote, urlencode
from uuid import uuid4

import orjson

from access.tokens import LOCAL, By
from api.now import moment
from api.operations import OPERATIONS, PREFIX
from api.times import iso
from api.times import moment as time_of
from api.writing import Operation, audited
from core.errors import AlreadyRunning, Invalid, Missing
from spanledger import errand
from spanledger.config import Config
from spanledger.connections import GATE, Side, are_open
from spanledger.options import Source, database
from spanledger.sinks import daemon, patiently
from store import lock
from store.lock import Lock
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide

Database = str | os.PathLike[str] | None
When = datetime | str | float | None
"""A time: one without a zone is UTC, a number is Unix seconds."""

T = TypeVar("T")

TRIES: Final = 300
AGAIN_S: Final = 0.1
"""Another process that writes for a moment is waited for this long, this often."""
FIELD: Final = re.compile(r"\{(\w+)\}")
"""What stands in a path for a value."""


def configured(db: Database = None) -> Config:
    """Find the configuration as the command line does; `db` names another database file."""
    flags = {"db": os.fspath(db)} if db is not None else {}
    return Source(flags=flags).load()


@contextmanager
def asking(db: Database = None) -> Iterator[SqliteReadSide]:
    """Open the database for reading, or raise Missing when there is none yet."""
    path = database(configured(db))
    if not path.exists():
        raise Missing(f"there is no database at {path}; `spanledger serve`, or the first write, makes one")
    with GATE:
        # The programs' questions are reports, which both sides answer alike.
        side = cast("SqliteReadSide", Side(path)) if are_open() else SqliteReadSide(path)
        try:
            yield side
        finally:
            side.close()


def exists(db: Database = None) -> bool:
    """Say whether there is a database."""
    return database(configured(db)).exists()


def write(name: str, values: Mapping[str, Any], *, db: Database = None) -> dict[str, Any]:
    """Do one operation, and give its answer once it is durable.

    Raise Invalid for values that are not what is wanted, Missing when they are about something that is not there.
    """
    return send(name, {key: value for key, value in values.items() if value is not None}, db=db)


def track(name: str, values: Mapping[str, Any], *, db: Database = None) -> dict[str, Any]:
    """Do a command of the book of work once, however often it must be sent; a value of None is emptied.

    Raise Invalid, Missing or Ambiguous.
    """
    return send(name, {"event_id": str(uuid4()), **values}, db=db)


def send(name: str, values: Mapping[str, Any], *, db: Database = None) -> dict[str, Any]:
    """Do one operation with the values as they are."""
    operation, config = OPERATIONS[name], configured(db)
    told = orjson.loads(dumped(values))
    now = moment()
    made = audited(operation, told, operation.make(told, now), at=now.now, by=By(LOCAL, "this machine"))
    path = database(config)
    for tries_left in reversed(range(TRIES)):
        holder = lock.read(path)
        if holder is not None and holder.http is not None:
            with daemon(config, holder) as sink:
                return sink.ask(*_request(operation, told))
        try:
            with GATE:
                return errand.run(name, told, db=path) if are_open() else _opened(config, made.carry_out)
        except AlreadyRunning:
            if not tries_left or (holder is not None and holder.started_at is not None):  # a daemon that has no HTTP
                raise
            time.sleep(AGAIN_S * random.uniform(0.5, 1.5))  # noqa: S311  so that those who wait do not come together
    raise AssertionError("the last try returns or raises")


def prepare(db: Database = None) -> Path:
    """Make the database or bring it to the newest shape, unless a daemon has it; give its path."""
    config = configured(db)
    path = database(config)
    if not are_open() and lock.read(path) is None:
        with suppress(AlreadyRunning):  # whoever has it now has made it
            _opened(config, lambda _: None)
    return path


def when(value: When) -> str | None:
    """Write a time the way the tables hold it, or raise Invalid."""
    if value is None:
        return None
    try:
        if isinstance(value, int | float):
            return iso(datetime.fromtimestamp(value).astimezone())
        return iso(value if isinstance(value, datetime) else time_of(value))
    except (ValueError, OverflowError, OSError, AttributeError, TypeError):
        raise Invalid(f"{value!r} is not a time; a datetime or ISO 8601 text is wanted") from None


def _opened(config: Config, work: Callable[[SqliteWriteSide], T]) -> T:
    """Write in this process."""
    with holding(config) as side:
        return patiently(lambda: work(side))


@contextmanager
def holding(config: Config) -> Iterator[SqliteWriteSide]:
    """Open the database for writing in this process, holding its lock for that moment."""
    settings = config.store.model_copy(update={"reserve": 0})  # the reserve is the daemon's to keep
    with Lock(database(config)):
        side = patiently(lambda: SqliteWriteSide(settings))
        try:
            yield side
        finally:
            side.close()


def _request(operation: Operation, values: Mapping[str, Any]) -> tuple[str, str, bytes]:
    """Write an operation as an HTTP request: method, path, body."""
    rest = dict(values)
    path = PREFIX + operation.path
    for name in FIELD.findall(path):
        path = path.replace(f"{{{name}}}", quote(str(rest.pop(name, "")), safe=""))
    if operation.method == "DELETE":
        return operation.method, f"{path}?{urlencode(rest)}" if rest else path, b""
    return operation.method, path, dumped(rest)


def dumped(value: object) -> bytes:
    """Write a value as JSON; what JSON has no form for is written as text."""
    try:
        return orjson.dumps(value, default=_as_json, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise Invalid(f"this cannot be written as JSON: {error}") from None


def _as_json(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)
