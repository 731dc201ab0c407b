"""Run the real service on free loopback ports, and look into what it kept."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from spanledger.config import Config, load
from spanledger.layers import Given
from spanledger.service import Service
from store.protocol import LedgerLine
from store.reading import SqliteReadSide
from tests.support import sums

TABLES = {"traces": "raw_spans", "logs": "raw_logs", "metrics": "raw_points"}


@dataclass(frozen=True, slots=True)
class Running:
    """Hold a running service and where to reach it."""

    service: Service
    config: Config
    db: Path
    loop: asyncio.AbstractEventLoop

    @property
    def http(self) -> int:
        """Give the HTTP port."""
        assert self.service.http is not None
        return self.service.http.port

    @property
    def grpc(self) -> int:
        """Give the gRPC port."""
        assert self.service.grpc is not None
        return self.service.grpc.port

    def url(self, path: str = "") -> str:
        """Write an HTTP address of the service."""
        return f"http://127.0.0.1:{self.http}{path}"

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Ask the database directly."""
        connection = apsw.Connection(str(self.db), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(5000)
        try:
            cursor = connection.execute(sql, values)
            first = next(cursor, None)
            if first is None:
                return []
            names = [column[0] for column in cursor.get_description()]
            return [dict(zip(names, row, strict=True)) for row in (first, *cursor)]
        finally:
            connection.close()

    def count(self, signal: str) -> int:
        """Count the stored items of a signal."""
        return int(self.rows(f"select count(*) as n from {TABLES[signal]}")[0]["n"])

    def ledger(self) -> list[LedgerLine]:
        """Read the books."""
        reader = SqliteReadSide(self.db)
        try:
            return reader.ledger()
        finally:
            reader.close()

    def balance(self) -> None:
        """Assert that the books add up, and agree with the tables: stored = kept + forgotten."""
        stored = dict.fromkeys(TABLES, 0)
        forgotten = {row["name"]: row["rows"] for row in self.rows("select name, rows from forgotten")}
        for line in self.ledger():
            assert line.received == line.stored + line.duplicate + line.rejected, line
            stored[line.signal] += line.stored

        assert stored == {signal: self.count(signal) + forgotten[table] for signal, table in TABLES.items()}
        sums.check(self.rows)


def configuration(**settings: Any) -> Config:
    """Make a configuration from dotted paths, as flags would."""
    return load(
        environ={}, flags=[Given(tuple(path.split(".")), str(value), "test") for path, value in settings.items()]
    )


@contextmanager
def running(db: Path, **settings: Any) -> Iterator[Running]:
    """Run a service for the length of a block; settings are dotted paths with `__`, as in the environment.

    It keeps no reserve unless told to: there are hundreds of databases. It may take more memory than usual, for
    the tests that it shares its process with hold some themselves.
    """
    values = {
        "collector.grpc.endpoint": "127.0.0.1:0",
        "collector.http.endpoint": "127.0.0.1:0",
        "collector.limits.memory": "4GiB",
        "store.reserve": "0",
    }
    values |= {key.replace("__", "."): value for key, value in settings.items()}
    config = configuration(**{"store.path": str(db), **values})
    ready: Future[Running] = Future()
    stop = threading.Event()
    thread = threading.Thread(target=_serve, args=(config, db, ready, stop), name="service")
    thread.start()
    try:
        found = ready.result(timeout=20)
        yield found
    finally:
        stop.set()
        thread.join(timeout=30)
        assert not thread.is_alive(), "the service did not stop"
    found.balance()


def _serve(config: Config, db: Path, ready: "Future[Running]", stop: threading.Event) -> None:
    async def main() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            service = Service(config)
            await service.start(stack)
            ready.set_result(Running(service, config, db, loop))
            watching = asyncio.create_task(service.watch(over), name="watch")
            await loop.run_in_executor(None, stop.wait)
            over.set()
            await watching

    try:
        asyncio.run(main())
    except BaseException as error:  # the waiting test must hear of it, whatever it was
        if not ready.done():
            ready.set_exception(error)
        else:
            raise
