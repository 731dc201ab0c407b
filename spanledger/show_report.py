"""Answer `spanledger report`."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from api.joining import joined
from api.joins import Join
from api.pages import Row
from spanledger.config import Config
from spanledger.layout import amount, clock, fitted, price, took
from spanledger.options import reading
from spanledger.terminal import plain, say, say_json

LEFT_OUT: Final = frozenset(
    ("cost_nanos", "path", "input_preview", "output_preview", "agent_session_id", "duration_ms")
)
"""Columns that only `--json` shows."""
FLEXIBLE: Final = ("title", "error_message", "file_path", "agent_session_id", "session_id", "project_key", "job_id")
NOTHING: Final = "nothing is like that"
MILLISECONDS: Final = 1_000


def show(config: Config, join: Join, values: Mapping[str, Any], *, limit: int | None, as_json: bool) -> None:
    """Ask, and print a table of rows or one row line by line."""
    named = [values[name] for name in join.needs]
    rest = {name: value for name, value in values.items() if name not in join.needs}
    with reading(config) as side:
        found = joined(side, join, *named, limit=limit, **rest)
    if as_json:
        say_json(found["items"] if join.is_list else found)
    elif join.is_list:
        say(_table(found["items"]) if found["items"] else NOTHING)
    else:
        say(_lines(found))


def _table(items: Sequence[Row]) -> str:
    head = [name for name in items[0] if name not in LEFT_OUT]
    rows = [[written(name, item[name]) for name in head] for item in items]
    flexible = [_head(name) for name in FLEXIBLE if name in head]
    return fitted([_head(name) for name in head], rows, flexible=flexible)


def _lines(row: Row) -> str:
    told = {_head(name): written(name, value) for name, value in row.items() if name not in LEFT_OUT}
    room = max(map(len, told))
    return "\n".join(f"{name:<{room}}  {plain(text)}" for name, text in told.items())


def _head(name: str) -> str:
    return name.replace("_", " ")


def written(name: str, value: Any) -> str:
    """Write a value the way its column's name says."""
    if value is None:
        return "-"
    return next((write(value) for fits, write in WRITERS if fits.search(name)), str(value))


WRITERS: Final[tuple[tuple[re.Pattern[str], Callable[[Any], str]], ...]] = (
    (re.compile("^is_"), lambda value: "yes" if value else "no"),
    (re.compile("_usd$"), price),
    (re.compile("_tokens$|^avg_context$"), lambda value: amount(round(value))),
    (re.compile("seconds$"), lambda value: took(value * MILLISECONDS)),
    (re.compile("_at$|^timestamp$"), clock),
)
