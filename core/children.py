"""Start other processes of ours."""

import fcntl
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

KEEP = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
"""Let glibc keep what a piece of work needed for the next one: asking the system anew took a twentieth of the time."""
PIPE_BYTES: Final = 1 << 20
"""A message and its answer fit in, so that neither end waits for the other half-way."""
OURS = str(Path(__file__).parents[1])
"""Where our modules are: in a wheel only the program itself has put that on its path."""


def apart() -> dict[str, Any]:
    """Give what starts a child process: our environment, and no signal that the terminal's programs get.

    It stays in our session: Linux counts niceness within one only (autogroups, sched(7)).
    """
    return {"process_group": 0, "env": environment()}


def environment() -> dict[str, str]:
    """Give a child process our environment, and the way to our modules."""
    path = os.pathsep.join(filter(None, (OURS, os.environ.get("PYTHONPATH"))))
    return {**os.environ, **KEEP, "PYTHONPATH": path}


def widen(process: "subprocess.Popen[bytes]") -> None:
    """Let a child's pipes hold more, where the system allows it: smaller ones are slower, no more.

    With `pipesize` a child would not be started where it is not allowed.
    """
    for end in (process.stdin, process.stdout):
        with suppress(OSError, AttributeError):
            fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)  # type: ignore[arg-type]
