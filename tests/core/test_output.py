"""Mirror `core.output`: what is written arrives, however often the process is paused while the pipe is full."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BYTES: Final = """
from core.output import whole_output
output = whole_output()
output.write(b"x" * 4_000_000)
output.flush()
"""
TEXT: Final = """
from core.output import write_whole_texts
write_whole_texts()
print("x" * 3_999_999)
"""


@pytest.mark.parametrize("unbuffered", ["1", ""])
@pytest.mark.parametrize("program", [BYTES, TEXT], ids=["bytes", "text"])
def test_a_process_that_is_paused_writes_all(program: str, unbuffered: str) -> None:
    """Python's own standard output would lose what is left of a write that a pause interrupts."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        size = 0
        while piece := os.read(process.stdout.fileno(), 40_000):
            size += len(piece)
            os.kill(process.pid, signal.SIGSTOP)
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.002)

    assert 4_000_000 == size
    assert 0 == process.returncode
