"""Show experiments: their runs as a table, any metric against any parameter, what they left behind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api import book
from api.listings import LISTINGS, WHOLES
from api.pages import Row
from core.errors import Invalid
from web.asking import SHOWN as QUOTED
from web.asking import Asked
from web.scatter import Scatter, scatter

SHOWN: Final = 100
RUNS: Final = 500
MOST_COLUMNS: Final = 12
RUN: Final = "run"


@dataclass(frozen=True, slots=True)
class Experiments:
    """Hold the newest experiments."""

    items: Sequence[Row]
    title: str = "Experiments"
    section: str = "experiments"


@dataclass(frozen=True, slots=True)
class Experiment:
    """Hold an experiment; `params` and `metrics` name the columns of its runs."""

    row: Row
    runs: Sequence[Row]
    artifacts: Sequence[Row]
    params: Sequence[str]
    metrics: Sequence[str]
    x: str
    y: str | None
    plot: Scatter | None
    section: str = "experiments"

    @property
    def title(self) -> str:
        """Name the page."""
        return str(self.row["title"])


def show_list(asked: Asked) -> Experiments:
    """List experiments."""
    return Experiments(book.listed(asked.side, LISTINGS["experiments"], limit=SHOWN)["items"])


def show(asked: Asked) -> Experiment:
    """Read an experiment with its runs."""
    key = asked.path["key"]
    row = book.whole(asked.side, WHOLES["experiment"], key)
    runs: list[Row] = asked.side.report("runs", experiment=key, limit=RUNS)
    for run in runs:
        book.told(run)
    params, metrics = _names(runs, "params"), _names(runs, "metrics")
    x = _chosen(asked, "x", [RUN, *params, *metrics]) or (params[0] if params else RUN)
    y = _chosen(asked, "y", [*metrics, *params]) or (metrics[0] if metrics else None)
    points = [(_value(run, x), _value(run, y), run) for run in runs] if y else []
    return Experiment(
        row=row,
        runs=runs,
        artifacts=asked.side.report("artifacts", experiment=key, limit=RUNS),
        params=params,
        metrics=metrics,
        x=x,
        y=y,
        plot=scatter([(one, other, _label(run), run["outcome"]) for one, other, run in points]) if y else None,
    )


def _names(runs: Iterable[Row], part: str) -> list[str]:
    found: dict[str, None] = {}
    for run in runs:
        if isinstance(run[part], Mapping):
            found.update(dict.fromkeys(map(str, run[part])))
    return list(found)[:MOST_COLUMNS]


def _chosen(asked: Asked, name: str, names: Sequence[str]) -> str | None:
    found = asked.text(name)
    if found is not None and found not in names:
        raise Invalid(f"{name} is {found[:QUOTED]!r}; one of {', '.join(names)[:400]} is wanted")
    return found


def _value(run: Row, name: str | None) -> Any:
    if name == RUN:
        return run["run_no"]
    for part in ("metrics", "params"):
        if isinstance(run[part], Mapping) and name in run[part]:
            return run[part][name]
    return None


def _label(run: Row) -> str:
    return f"run {run['run_no']}, {run['outcome']}"
