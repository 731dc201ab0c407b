"""Decode in a process of its own: decoding is most of the work there is, and would keep the interpreter from the rest.

Run as `python -m collector.helper`, this is that process: it reads jobs from its input and writes batches to its output
until its input ends, which it also does when the daemon is killed.
"""

import gc
import marshal
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM
from signal import signal as on_signal
from threading import Lock
from typing import Any, BinaryIO

from core.errors import Refused
from schema.decode import decode, fingerprint
from schema.rows import Batch
from schema.signals import Signal

Job = tuple[Signal, str, bytes, str, int]
"""Signal, encoding, body, transport, received_at: what `decode` takes."""
READY = "ready"
PIPE_BYTES = 1 << 20
"""A request and its answer fit in, so that neither end waits for the other half-way."""
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
"""Let glibc keep what a request needed for the next one: asking the system anew took a twentieth of the time."""
STOP_S = 2.0
SELDOM = 50_000


class LostError(Exception):
    """Report that the process is gone, and with it the answer."""


class Helper:
    """Own the process, from the daemon's side; any thread may ask it to decode."""

    def __init__(self, *, run: Callable[..., "subprocess.Popen[bytes]"] = subprocess.Popen) -> None:
        """Start it; it is of use once it is `up`. A signal to the terminal's programs does not reach it."""
        command = [sys.executable, "-P", "-m", "collector.helper"]
        pipe = subprocess.PIPE
        self._process = run(
            command, stdin=pipe, stdout=pipe, pipesize=PIPE_BYTES, start_new_session=True, env={**os.environ, **KEEP}
        )
        self._up = False
        self._sending, self._receiving = Lock(), Lock()

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    def up(self) -> bool:
        """Say whether it has started; raise LostError when it could not."""
        if self._up:
            return True
        with self._receiving:
            if not self._up and select.select([self._output], [], [], 0)[0]:
                self._up = self._load() == READY
        return self._up

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
        """Let the process end, or end it."""
        with suppress(OSError):
            self._input.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()

    @property
    def _input(self) -> Any:
        return self._process.stdin

    @property
    def _output(self) -> Any:
        return self._process.stdout

    def _dump(self, job: tuple[object, ...]) -> None:
        try:
            _write(self._input, job)
        except (OSError, ValueError) as error:
            raise LostError(str(error)) from error

    def _load(self) -> Any:
        try:
            return pickle.load(self._output)  # noqa: S301  from our own process, over our own pipe
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise LostError(str(error)) from error


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Decode what comes, in order, until there is no more."""
    _write(sink, READY)
    while True:
        try:
            job = pickle.load(source)  # noqa: S301  from the daemon
        except EOFError:
            return
        _write(sink, _answer(*job))


def _answer(  # noqa: PLR0913  a job and its digest
    signal: Signal, encoding: str, body: bytes, transport: str, received_at: int, digest: bytes
) -> tuple[Batch | Refused, bytes]:
    """Decode; the rows are written apart, for which `marshal` takes half the time."""
    try:
        batch = decode(signal, encoding, body, transport=transport, received_at=received_at, digest=digest)
    except Refused as error:
        return error, b""
    rows, batch.rows = marshal.dumps(batch.rows), []
    return batch, rows


def main() -> None:
    """Serve the daemon that started us; it alone decides when to stop."""
    for number in (SIGTERM, SIGINT, SIGHUP):
        on_signal(number, SIG_IGN)
    gc.freeze()
    gc.set_threshold(SELDOM)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    with suppress(BrokenPipeError):
        serve(source, sink)


def _write(sink: BinaryIO, value: object) -> None:
    pickle.dump(value, sink, pickle.HIGHEST_PROTOCOL)
    sink.flush()


if __name__ == "__main__":
    main()
