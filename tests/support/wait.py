"""Wait for what nobody announces."""

import threading
import time
from collections.abc import Callable

LOOK_EVERY_S = 0.02


def until(true: Callable[[], bool], *, within_s: float = 10) -> float:
    """Wait until something is true and give how long that took; fail when it takes too long."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, f"not true within {within_s:g} s"
        threading.Event().wait(LOOK_EVERY_S)
    return time.monotonic() - began
