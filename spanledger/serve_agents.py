"""Answer `spanledger mcp`: serve one agent over standard input and output, beside a collector or without one."""

import asyncio
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from api.console import Answer, Statement
from api.writing import Operation
from core.errors import Missing
from schema.described import described
from spanledger import __version__
from spanledger.config import Config
from spanledger.hands import send
from spanledger.options import Failed, database
from spanledger.terminal import note
from store import lock
from store.console import SqliteConsole
from store.protocol import ReadSide
from store.reading import SqliteReadSide

T = TypeVar("T")
MISSING: Final = "the Model Context Protocol is an extra; install it with: pip install 'spanledger[mcp]'"


def show(config: Config) -> None:
    """Serve until the input ends."""
    if importlib.util.find_spec("mcp") is None:
        raise Failed(MISSING)
    from mcp_server import stdio

    path = database(config)
    note(f"serving {path} to an agent over standard input and output")
    stdio.run(FileDesk(path, base=_base(config, path)), version=__version__)


class FileDesk:
    """Read a database's file; hand writes to the collector that runs on it, or write for that moment."""

    def __init__(self, path: Path, *, base: str) -> None:
        """Open nothing yet."""
        self._path, self.base = path, base

    async def read(self, work: Callable[[ReadSide], T]) -> T:
        """Open the file for one question."""
        return await asyncio.to_thread(self._read, work)

    async def query(self, values: Mapping[str, Any]) -> Answer:
        """Run a statement."""
        return await asyncio.to_thread(Statement(lambda: SqliteConsole(self._path, described()), values).run)

    async def write(self, operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
        """Do an operation."""
        return await asyncio.to_thread(send, operation.name, values, db=self._path)

    def _read(self, work: Callable[[ReadSide], T]) -> T:
        if not self._path.exists():
            raise Missing(f"there is no database at {self._path}; `spanledger serve`, or the first write, makes one")
        side = SqliteReadSide(self._path)
        try:
            return work(side)
        finally:
            side.close()


def _base(config: Config, path: Path) -> str:
    """Say where a running collector has its pages."""
    holder = lock.read(path)
    if holder is None or holder.http is None:
        return ""
    scheme = "https" if config.collector.http.tls else "http"
    return f"{scheme}://{holder.http}"
