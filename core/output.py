"""Write to standard output all that is written.

With PYTHONUNBUFFERED, as in many containers, what Python has for it writes once and says how much that was. Pauses of
the process interrupt that (a laptop that sleeps, a container that is frozen), and what is left would be lost.
"""

import sys
from io import RawIOBase, TextIOWrapper
from typing import BinaryIO


def whole_output() -> BinaryIO:
    """Give what takes bytes for standard output; whoever writes flushes."""
    return _whole(sys.stdout.buffer)


def write_whole_texts() -> None:
    """Have printed text arrive as a whole as well."""
    told = sys.stdout
    if isinstance(getattr(told, "buffer", None), RawIOBase):
        sys.stdout = TextIOWrapper(_whole(told.buffer), told.encoding, told.errors, line_buffering=True)


def _whole(stream: BinaryIO) -> BinaryIO:
    return open(stream.fileno(), "wb", closefd=False) if isinstance(stream, RawIOBase) else stream
