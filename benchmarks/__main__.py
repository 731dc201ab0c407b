"""Measure everything and write one JSON object: `python -m benchmarks --help`."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import deriving, footprint, growth, install, latency, machine, markdown, throughput
from benchmarks.figures import Figures
from benchmarks.server import check_disk
from benchmarks.settings import FOLDER, Settings, quick, say

PARTS: dict[str, Callable[[Settings], Figures]] = {
    "throughput": throughput.measure,
    "latency": latency.measure,
    "deriving": deriving.measure,
    "idle": footprint.idle,
    "install": install.measure,
    "growth": growth.measure,
    "steady": footprint.steady,
}
NOT_QUICK = ("install",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the result, and rewrite the page if one is named."""
    options = _options().parse_args(arguments)
    result = json.loads(options.results.read_text()) if options.results else measure(options)
    text = json.dumps(result, indent=2)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")
    if options.markdown:
        markdown.rewrite(options.markdown, result)
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the chosen parts one after another."""
    settings = _settings(options)
    settings.folder.mkdir(parents=True, exist_ok=True)
    check_disk(settings.folder)
    facts = machine.facts(settings.folder)
    figures: Figures = {}
    for name in options.only or [name for name in PARTS if not (options.quick and name in NOT_QUICK)]:
        say(f"measuring {name}")
        figures |= PARTS[name](settings)
    told = {name: figure.as_json() for name, figure in figures.items()}
    sizes = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(settings).items()}
    return {"machine": facts, "settings": sizes, "quick": options.quick, "figures": told, "met": _met(figures)}


def _met(figures: Figures) -> bool:
    return all(figure.met for figure in figures.values())


def _settings(options: argparse.Namespace) -> Settings:
    folder = options.dir.resolve()
    settings = quick(folder) if options.quick else Settings(folder=folder)
    given = {"runs": options.runs, "long_runs": options.long_runs or options.runs, "minutes": options.minutes}
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, help="runs of each figure (5)")
    parser.add_argument("--long-runs", type=int, help="runs of growth and steady, which take minutes each (as --runs)")
    parser.add_argument("--minutes", type=float, help="how long each steady run takes (10)")
    parser.add_argument("--quick", action="store_true", help="small counts: see that it works, in a minute")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="NAME", help=f"some of: {', '.join(PARTS)}")
    parser.add_argument("--dir", type=Path, default=FOLDER, help="a folder on a real disk (build/benchmarks)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result here too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="rewrite the results table of this page")
    parser.add_argument("--results", type=Path, metavar="FILE", help="take an earlier result instead of measuring")
    return parser


if __name__ == "__main__":
    sys.exit(main())
