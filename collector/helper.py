"""Decode in a process of its own: decoding is most of the work there is, and would keep the interpreter from the rest.

Run as `python -m collector.helper`, this is that process: it reads jobs from its input and writes batches to its output
until its input ends, which it also does when the daemon is killed.
"""

import gc
import pickle
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any, BinaryIO

from core.errors import Refused
from schema.decode import decode
from schema.rows import Batch
from schema.signals import Signal

Job = tuple[Signal, str, bytes, str, int]
"""Signal, encoding, body, transport, received_at: what `decode` takes."""
READY = "ready"
PIPE_BYTES = 1 << 20
"""A request and its answer fit in, so that neither end waits for the other half-way."""
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
        self._process = run(command, stdin=pipe, stdout=pipe, pipesize=PIPE_BYTES, start_new_session=True)
        self._up = False
        self._sending, self._receiving = Lock(), Lock()

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    def up(self) -> bool:
        """Say whether it has started; raise LostError when it could not."""
        if not self._up and select.select([self._output], [], [], 0)[0]:
            self._up = self._load() == READY
        return self._up

    def decode(self, job: Job) -> Batch:
        """Have a request decoded, while the one before may still be on its way back.

        Raise Refused as `decode` does, LostError when the process ended.
        """
        with self._sending:
            self._dump(job)
            self._receiving.acquire()
        try:
            answer = self._load()
        finally:
            self._receiving.release()
        if isinstance(answer, Refused):
            raise answer
        return answer

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

    def _dump(self, job: Job) -> None:
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
            signal_, encoding, body, transport, received_at = pickle.load(source)  # noqa: S301  from the daemon
        except EOFError:
            return
        try:
            answer: Batch | Refused = decode(signal_, encoding, body, transport=transport, received_at=received_at)
        except Refused as error:
            answer = error
        _write(sink, answer)


def main() -> None:
    """Serve the daemon that started us; it alone decides when to stop."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
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
