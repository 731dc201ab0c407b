"""Answer `spanledger rebuild --search`: by the running collector, or here when there is none."""

import time
from pathlib import Path
from typing import Final

from api.operations import OPERATIONS, PREFIX
from core.errors import AlreadyRunning
from derive.indexing import Indexing
from derive.keeping import SEARCH
from spanledger.config import Config
from spanledger.options import NotFound, database
from spanledger.sinks import DaemonSink, daemon, patiently
from spanledger.terminal import Progress, say, say_json
from store import lock
from store.lock import Lock
from store.search_index import SearchIndex, index_path
from store.search_source import SqliteTextSource
from store.sqlite import SqliteWriteSide

LOOK_S: Final = 0.5
WHAT: Final = "texts indexed"


def show(config: Config, *, as_json: bool) -> None:
    """Have it done, and say so when it is."""
    path = database(config)
    if not path.exists():
        raise NotFound(f"there is no database at {path}; start one with `spanledger serve`, or name another with --db")
    began = time.monotonic()
    holder = lock.read(path)
    if holder is None:
        with Lock(path):
            _here(config, path)
    elif holder.http is None:
        raise AlreadyRunning(f"{path} is in use by {holder}, which has no HTTP port; stop it or switch that port on")
    else:
        with daemon(config, holder) as sink:
            _there(sink)
    told = {"done": "search", "seconds": round(time.monotonic() - began, 1), "bytes": index_path(path).stat().st_size}
    if as_json:
        say_json(told)
    else:
        say(f"every text is indexed again ({told['seconds']} s)")


def _here(config: Config, path: Path) -> None:
    """Index in this process, which holds the database's lock."""
    patiently(lambda: SqliteWriteSide(config.store.model_copy(update={"reserve": 0}))).close()  # its newest shape
    source, index = SqliteTextSource(path), SearchIndex(path)
    progress, left = None, 0
    try:
        indexing = Indexing(source, index)
        indexing.begin_anew()
        left = indexing.unread
        progress = Progress(WHAT, total=left)
        while patiently(indexing.step):
            progress.add(left - indexing.unread)
            left = indexing.unread
        indexing.rest()
    finally:
        if progress is not None:
            progress.close()
        index.close()
        source.close()


def _there(sink: DaemonSink) -> None:
    """Ask the collector, and wait until it says that it is done."""
    operation = OPERATIONS["rebuild_search"]
    number = sink.ask(operation.method, PREFIX + operation.path, b"")["order"]
    progress, left = Progress(WHAT), None
    try:
        while (state := sink.ask("GET", f"{PREFIX}/derived", b"")[SEARCH])["done"] < number:
            if left is not None:
                progress.add(max(0, left - state["unread"]))
            left = state["unread"]
            time.sleep(LOOK_S)
    finally:
        progress.close()
