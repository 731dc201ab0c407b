"""Measure what open pages and a slow reader take from those who send: `python -m benchmarks.company FILE`.

FILE is a large database (see benchmarks.million); it is written to. Requests are sent as fast as they are answered,
by turns alone and in company: ten live pages, and one who asks for what takes very long.
"""

import argparse
import json
from pathlib import Path
from typing import Final

from benchmarks.audience import Seen, watching
from benchmarks.figures import Figures, at_least
from benchmarks.job import Job, Sent, send
from benchmarks.server import fresh_folder, running
from benchmarks.settings import FOLDER, say

PAGES: Final = 10
LEAST: Final = 0.9
"""What is left to senders in company, as a share of what they have alone."""


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.company", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    figures = measure(options.file, runs=options.runs, requests=options.requests)
    print(json.dumps({name: figure.as_json() for name, figure in figures.items()}, indent=2))


def measure(file: Path, *, runs: int, requests: int) -> Figures:
    """Send by turns alone and in company."""
    alone: list[Sent] = []
    beside: list[Sent] = []
    seen: list[Seen] = []
    for run in range(runs):
        alone.append(_sent(file, requests, seed=2 * run)[0])
        sent, audience = _sent(file, requests, seed=2 * run + 1, pages=PAGES)
        beside.append(sent)
        seen.append(audience)
        told = f"{len(audience.draws_ms)} draws of {audience.middle_ms:.0f} ms, {audience.questions} slow questions"
        if audience.trouble:
            raise RuntimeError(audience.trouble)
        say(f"company {run + 1}/{runs}: {alone[-1].rate:,.0f} spans/s alone, {sent.rate:,.0f} in company; {told}")
    return {
        "company_share": at_least(
            [one.rate / other.rate for one, other in zip(beside, alone, strict=True)],
            unit="rate in company / alone",
            least=LEAST,
            alone=[round(one.rate) for one in alone],
            in_company=[round(one.rate) for one in beside],
            draws=[len(one.draws_ms) for one in seen],
            draw_ms=[round(one.middle_ms, 1) for one in seen],
        )
    }


def _sent(file: Path, requests: int, *, seed: int, pages: int = 0) -> tuple[Sent, Seen]:
    with fresh_folder(FOLDER) as folder, running(folder, db=file) as daemon, watching(daemon.http, pages) as seen:
        return send(Job(daemon.http, requests=requests, seed=seed)), seen


if __name__ == "__main__":
    main()
