"""Measure other programs that keep OTLP spans in SQLite, with the same load on the same machine.

`python -m benchmarks.peers` installs Phoenix and MLflow from PyPI, each into its own environment.
They take turns with the daemon: HTTP/protobuf, four in flight, from the first send until every span can be counted
in the database; nothing is sent before to warm up, for who answers early would still be writing it.
A peer that answers 429 or 503 is sent the same request again.
"""

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import books, install, machine
from benchmarks.figures import Figure
from benchmarks.job import Job, Sent, send
from benchmarks.server import free_port, fresh_folder, wait_until_ready
from benchmarks.settings import FOLDER, Settings, say

READY_WITHIN_S = 180
STALLED_AFTER_S = 60
COUNT_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Peer:
    """Hold how to run a program; `{folder}`, `{port}` and `{other_port}` are filled in."""

    requirement: str
    command: tuple[str, ...]
    environment: dict[str, str]
    database: str
    ready_path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Running:
    """Hold a running peer."""

    address: str
    database: Path


PEERS = {
    "phoenix": Peer(
        "arize-phoenix==20.26.1",
        ("phoenix", "serve"),
        {
            "PHOENIX_WORKING_DIR": "{folder}",
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": "{port}",
            "PHOENIX_GRPC_PORT": "{other_port}",
            "PHOENIX_TELEMETRY_ENABLED": "false",
        },
        "phoenix.db",
        "/healthz",
        {},
    ),
    "mlflow": Peer(
        "mlflow==3.17.2",
        (
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--backend-store-uri",
            "sqlite:///{folder}/mlflow.db",
        ),
        {"MLFLOW_DISABLE_TELEMETRY": "true"},
        "mlflow.db",
        "/health",
        {"x-mlflow-experiment-id": "0"},
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON object."""
    options = _options().parse_args(arguments)
    settings = Settings(runs=options.runs, requests=options.requests, folder=options.dir.resolve())
    venvs = options.venvs.resolve() if options.venvs else settings.folder / "peers"
    figures = measure(settings, options.only or [*PEERS], venvs)
    told = {name: figure.as_json() for name, figure in figures.items()}
    requirements = {name: peer.requirement for name, peer in PEERS.items()}
    result = {"machine": machine.facts(settings.folder), "requirements": requirements, "figures": told}
    text = json.dumps(result, indent=2)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")
    return 0


def measure(settings: Settings, names: Sequence[str], venvs: Path) -> dict[str, Figure]:
    """Measure the daemon and its peers by turns."""
    for name in names:
        _install(PEERS[name], venvs / name)
    rates: dict[str, list[float]] = {name: [] for name in ("spanledger", *names)}
    for run in range(settings.runs):
        rates["spanledger"].append(_ours(settings))
        for name in names:
            rates[name].append(_theirs(settings, PEERS[name], venvs / name))
        say(f"peers {run + 1}/{settings.runs}: " + ", ".join(f"{name} {held[-1]:,.0f}" for name, held in rates.items()))
    return {name: Figure("spans/s", held, "") for name, held in rates.items()}


def _install(peer: Peer, environment: Path) -> None:
    if not (environment / "bin" / peer.command[0]).exists():
        say(f"installing {peer.requirement} into {environment}")
        install.install(environment, peer.requirement, constraints=None)


def _ours(settings: Settings) -> float:
    with settings.daemon() as daemon:
        job = Job(daemon.http, requests=settings.requests, warm_up=0)
        sent = send(job)
        books.check(daemon.db, spans=job.spans, retries=sent.retries)
    return sent.rate


def _theirs(settings: Settings, peer: Peer, environment: Path) -> float:
    with fresh_folder(settings.folder) as folder, _running(peer, environment, folder) as running:
        job = Job(running.address, requests=settings.requests, warm_up=0, headers=peer.headers)
        sent = send(job)
        return sent.spans / _seconds_until_counted(running.database, job, sent)


def _seconds_until_counted(database: Path, job: Job, sent: Sent) -> float:
    """Wait until all spans are in the database; fail when their number no longer grows."""
    counted, at = count(database), sent.began + sent.seconds
    grown = time.perf_counter()
    while counted < job.spans:
        time.sleep(COUNT_EVERY_S)
        before, counted, at = counted, count(database), time.perf_counter()
        grown = at if counted > before else grown
        if at - grown > STALLED_AFTER_S:
            raise RuntimeError(f"{database} holds {counted} of {job.spans} spans that were acknowledged")
    return at - sent.began


def count(database: Path) -> int:
    """Count the rows of a peer's table of spans, without writing to it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
        return int(connection.execute("select count(*) from spans").fetchone()[0])


@contextmanager
def _running(peer: Peer, environment: Path, folder: Path) -> Iterator[Running]:
    """Run a peer until it is no longer needed, with all processes that it starts."""
    values = {"folder": str(folder), "port": str(free_port()), "other_port": str(free_port())}
    address, log = f"127.0.0.1:{values['port']}", folder / "log"
    process = _start(peer, environment, values, log)
    try:
        wait_until_ready(process, address, peer.ready_path, log=log, within_s=READY_WITHIN_S)
        yield Running(address, folder / peer.database)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _start(peer: Peer, environment: Path, values: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [part.format(**values) for part in peer.command]
    command[0] = str(environment / "bin" / command[0])
    variables: dict[str, Any] = {name: text.format(**values) for name, text in peer.environment.items()}
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"  # MLflow starts uvicorn by its name
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            env={**os.environ, **variables, "PATH": path},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each program (5)")
    parser.add_argument("--requests", type=int, default=20, help="requests of 512 spans in each run (20)")
    parser.add_argument("--only", nargs="+", choices=PEERS, metavar="NAME", help=f"some of: {', '.join(PEERS)}")
    parser.add_argument("--dir", type=Path, default=FOLDER, help="a folder on a real disk (build/benchmarks)")
    parser.add_argument("--venvs", type=Path, help="where the peers are installed (peers in the folder above)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result here too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
