"""Answer over HTTP what is not OTLP: questions and writes of programs, pages, agents' tools."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from api import erasing, rejections, retention
from api.exporting import Exporting
from api.operations import PREFIX
from api.readers import Readers
from api.rejections import Rejections
from api.routes import Api
from collector.bodies import Bodies
from collector.guard import Scopes
from collector.http import Route
from collector.ingest import Ingest
from collector.intake import Intake
from collector.replaying import Replays
from derive.keeping import Keeping
from mcp_server.http import Mcp, Parts
from mirror.mirroring import Mirror
from mirror.routes import Routes
from retention.keeper import Keeper
from schema.described import described
from spanledger import __version__
from spanledger.doors import Doors
from spanledger.writing import Writing
from store.console_apart import ConsoleApart
from store.reading import SqliteReadSide
from store.tracks import Tracks
from web.app import SCOPES, Pages
from web.daemon import Daemon


class Behind(Protocol):
    """Hold the parts of the daemon that are asked, or told something."""

    doors: Doors
    ingest: Ingest
    intake: Intake
    keeper: Keeper
    keeping: Keeping
    mirror: Mirror
    writing: Writing

    @property
    def grpc_address(self) -> str | None:
        """Write where gRPC is listened for."""
        ...

    @property
    def http_address(self) -> str | None:
        """Write where HTTP is listened for."""
        ...


class Front:
    """Own what answers, with the threads that it reads in."""

    def __init__(self, behind: Behind, path: Path) -> None:
        """Put it in front of a daemon's parts; `path` is the database."""
        self._behind, self._path = behind, path
        self._body = Bodies(behind.intake).read
        writing = behind.writing
        self.api = Api(
            self._reader,
            self._console,
            writing.run,
            self._body,
            behind.keeping,
            behind.doors,
            track=Tracks(writing.run).track,
            version=__version__,
        )
        self.exporting = Exporting(self._reader)
        self.rejections = Rejections(Replays(self._reader, behind.ingest, writing.run), writing.apply, self._body)
        self.pages = Pages(self._daemon(), self._body)
        parts = Parts(Readers(self._reader), self._console, writing.run, behind.doors.gate.check)
        self.agents = Mcp(parts, self._body, version=__version__)
        self._mirrored = Routes(behind.mirror, writing.apply, self._body)

    def routes(self) -> list[Route]:
        """Give all routes."""
        keeper = self._behind.keeper
        served = [*self.api.routes(), *self.exporting.routes(), *self._mirrored.routes(PREFIX)]
        kept = [*retention.routes(keeper), *erasing.routes(keeper), *self.rejections.routes()]
        return [*served, *kept, *self.pages.routes(), *self.agents.routes()]

    def scopes(self) -> Scopes:
        """Say which scope each route wants that does not only read."""
        told = self.api.scopes() | self._mirrored.scopes(PREFIX) | self.agents.scopes() | SCOPES
        return told | retention.scopes() | erasing.scopes() | rejections.scopes()

    async def stop(self) -> None:
        """Answer no more agents."""
        await self.agents.stop()

    def close(self) -> None:
        """Stop what is being read, and let go of the database."""
        parts: Iterable[Api | Exporting | Pages] = (self.pages, self.exporting, self.api)
        for part in parts:
            part.close()

    def _reader(self) -> SqliteReadSide:
        return SqliteReadSide(self._path)

    def _console(self) -> ConsoleApart:
        return ConsoleApart(self._path, described())

    def _daemon(self) -> Daemon:
        behind = self._behind
        return Daemon(
            open_reader=self._reader,
            open_console=self._console,
            version=lambda: behind.writing.version,
            deriving=behind.keeping.following.state,
            rejections=self.rejections,
            admit=behind.doors.gate.check,
            grpc=lambda: behind.grpc_address,
            http=lambda: behind.http_address,
            database=self._path,
            release=__version__,
        )
