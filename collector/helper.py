"""Decode in a process of its own: decoding is most of the work there is, and would keep the interpreter from the rest.

Run as `python -m collector.helper`, this is that process: it reads jobs from its input and writes batches to its output
until its input ends, which it also does when the daemon is killed.
"""

import json
import marshal
import pickle
import select
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM
from signal import signal as on_signal
from threading import Lock
from typing import Any, BinaryIO

from collector.commands import decode
from core.children import apart, widen
from core.errors import Refused
from core.memory import collect_seldom
from core.output import whole_output
from privacy.redaction import Redaction
from privacy.wanted import ALL, Wanted
from schema.decode import fingerprint
from schema.rows import Batch
from schema.signals import Signal

Job = tuple[Signal, str, bytes, str, int]
"""Signal, encoding, body, transport, received_at: what `decode` takes."""
READY = "ready"


class LostError(Exception):
    """Report that the process is gone, and with it the answer."""


class Helper:
    """Own the process, from the daemon's side; any thread may ask it to decode."""

    def __init__(
        self, wanted: Wanted = ALL, *, run: Callable[..., "subprocess.Popen[bytes]"] = subprocess.Popen
    ) -> None:
        """Start it, or raise LostError; it is of use once it is `up`. What is not `wanted` it leaves out.

        A signal to the terminal's programs does not reach it.
        """
        command = [sys.executable, "-P", "-m", "collector.helper", json.dumps(asdict(wanted))]
        pipe = subprocess.PIPE
        try:
            self._process = run(command, stdin=pipe, stdout=pipe, **apart())
        except OSError as error:
            raise LostError(str(error)) from error
        widen(self._process)
        self._up = self._lost = False
        self._sending, self._receiving = Lock(), Lock()

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    def up(self) -> bool:
        """Say whether it has started; raise LostError when it could not."""
        return self._up or self._look()

    def decode(self, job: Job) -> Batch:
        """Have a request decoded, while the one before may still be on its way back.

        Raise Refused as `decode` does, LostError when the process ended.
        """
        digest = fingerprint(job[0], job[2])
        with self._sending:
            self._dump((*job, digest))
            self._receiving.acquire()
        try:
            answer, rows = self._load()
        finally:
            self._receiving.release()
        if isinstance(answer, Refused):
            raise answer
        batch: Batch = answer
        batch.rows = marshal.loads(rows)  # noqa: S302  from our own process, over our own pipe
        return batch

    def close(self) -> None:
        """End the process, which has nothing to lose; whoever waits for it gets LostError."""
        self._process.kill()
        with self._sending, self._receiving:
            self._lost = True
            with suppress(OSError):
                self._input.close()
            self._output.close()
            self._process.wait()

    @property
    def _input(self) -> Any:
        return self._process.stdin

    @property
    def _output(self) -> Any:
        return self._process.stdout

    def _look(self) -> bool:
        """Look whether it has said that it is ready, or never will; `select` would know no file above 1023."""
        with self._receiving:
            self._check()
            poll = select.poll()
            poll.register(self._output, select.POLLIN)
            if not self._up and poll.poll(0):
                self._up = self._load() == READY
            return self._up

    def _check(self) -> None:
        if self._lost:
            raise LostError("it was given up before")

    def _dump(self, job: tuple[object, ...]) -> None:
        self._check()
        try:
            _write(self._input, job)
        except Exception as error:  # whatever it was, the next job would follow half of this one
            self._lost = True
            raise LostError(str(error)) from error

    def _load(self) -> Any:
        self._check()
        try:
            return pickle.load(self._output)  # noqa: S301  from our own process, over our own pipe
        except Exception as error:  # whatever it was, what follows may be the rest of this answer
            self._lost = True
            raise LostError(str(error)) from error


def serve(source: BinaryIO, sink: BinaryIO, redaction: Redaction) -> None:
    """Decode what comes, in order, until there is no more."""
    _write(sink, READY)
    while True:
        try:
            job = pickle.load(source)  # noqa: S301  from the daemon
        except (EOFError, pickle.UnpicklingError):  # the end, or the daemon was killed half-way
            return
        _write(sink, _answer(redaction, *job))


def _answer(  # noqa: PLR0913, PLR0917  a job and its digest
    redaction: Redaction, signal: Signal, encoding: str, body: bytes, transport: str, received_at: int, digest: bytes
) -> tuple[Batch | Refused, bytes]:
    """Decode; the rows are written apart, for which `marshal` takes half the time."""
    try:
        batch = decode(
            signal, encoding, body, transport=transport, received_at=received_at, redaction=redaction, digest=digest
        )
    except Refused as error:
        return error, b""
    rows, batch.rows = marshal.dumps(batch.rows), []
    return batch, rows


def main() -> None:
    """Serve the daemon that started us; it alone decides when to stop."""
    for number in (SIGTERM, SIGINT, SIGHUP):
        on_signal(number, SIG_IGN)
    collect_seldom()
    source, sink = sys.stdin.buffer, whole_output()
    sys.stdout = sys.stderr
    with suppress(BrokenPipeError):
        serve(source, sink, Redaction(Wanted(**json.loads(sys.argv[1]))))


def _write(sink: BinaryIO, value: object) -> None:
    pickle.dump(value, sink, pickle.HIGHEST_PROTOCOL)
    sink.flush()


if __name__ == "__main__":
    main()
