"""Measure how long the daemon takes to make each page of a large database: `python -m benchmarks.pages FILE`.

FILE is what benchmarks.million made. Times are the daemon's own, as it tells them to the browser (Server-Timing).
"""

import argparse
import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import quote

from benchmarks.figures import Figures, at_most
from benchmarks.server import fresh_folder, running
from benchmarks.settings import FOLDER, say
from store.connection import open_reader

MOST_MS: Final = 100
TIMES: Final = 20
ALWAYS: Final = (
    "/",
    "/sessions",
    "/sessions?phase=build",
    "/jobs",
    "/jobs?status=failed",
    "/tools",
    "/cost",
    "/cost?period=all",
    "/experiments",
    "/work",
    "/sql",
    "/health",
    "/connect",
    "/search?q=weather",
    "/search?q=timeout%20error&kind=tool",
)
CHOSEN: Final = {
    "/sessions/{}": "select session_id from usage_days group by 1 order by sum(calls) desc limit 1",
    "/jobs/{}": "select id from job_history order by tool_call_count desc limit 1",
    "/tools/{}": "select name from tool_days group by 1 order by sum(calls) desc limit 1",
    "/entries/{}": "select trace_id from agent_traces where raw_output is not null order by timestamp desc limit 1",
    "/traces/{}": "select otel_trace_id from agent_traces group by 1 order by count(*) desc limit 1",
}
"""Pages of one thing, and the one of which there is most to show."""


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("file", type=Path)
    figures = measure(parser.parse_args().file)
    print(json.dumps({name: figure.as_json() for name, figure in figures.items()}, indent=2))


def measure(file: Path) -> Figures:
    """Open every page again and again; the first time is told apart."""
    figures: Figures = {}
    with fresh_folder(FOLDER) as folder, running(folder, db=file) as daemon:
        for path in paths(file):
            first, *others = (_made_ms(daemon.http, path) for _ in range(TIMES))
            figures[path] = at_most(others, unit="ms", most=MOST_MS, first=first, longest=max(others))
            say(f"{figures[path].value:7.1f} ms, at first {first:7.1f}  {path}")
    return figures


def paths(file: Path) -> list[str]:
    """List every kind of page, those of one thing with that which is largest."""
    with closing(open_reader(file)) as connection:
        found = {path: connection.execute(sql).fetchone() for path, sql in CHOSEN.items()}
    return [*ALWAYS, *(path.format(quote(str(row[0]), safe="")) for path, row in found.items() if row)]


def _made_ms(address: str, path: str) -> float:
    with closing(HTTPConnection(address, timeout=60)) as connection:
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} is answered with {answer.status}")
    return float(answer.headers["Server-Timing"].rpartition("dur=")[2])


if __name__ == "__main__":
    main()
