"""Make the writer stand still for as long as a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.service import Running


@contextmanager
def paused(service: Running) -> Iterator[None]:
    """Hold the writer thread for the length of a block."""
    held, go = threading.Event(), threading.Event()

    def stand(_side: object) -> None:
        held.set()
        go.wait(60)

    future = service.service.writer.run(stand)
    assert held.wait(20)
    try:
        yield
    finally:
        go.set()
        future.result(20)
