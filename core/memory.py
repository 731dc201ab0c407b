"""Make the allocator give memory back, and the garbage collector stay out of the way.

glibc keeps what large requests needed unless told otherwise; other systems' allocators are left alone.
"""

import ctypes
import gc
import os
from pathlib import Path

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
MIB = 1 << 20
STATM = Path("/proc/self/statm")
PAGE_BYTES = os.sysconf("SC_PAGESIZE")


def frugal() -> None:
    """Map large blocks on their own so that freeing returns them, and share few arenas between threads."""
    mallopt = getattr(_libc(), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, MIB)
        mallopt(M_TRIM_THRESHOLD, 16 * MIB)
        mallopt(M_ARENA_MAX, 2)


def collect_seldom(kept: int = 50_000) -> None:
    """Leave alone what lives as long as the program, and look for cycles when so many more containers are kept.

    A decoded request is thousands of containers and no cycles; looking for some cost a third of a large one's time.
    """
    gc.freeze()
    gc.set_threshold(kept, 20, 50)


def collect_when_told() -> None:
    """Leave looking for cycles to `give_back`: for programs that make none, and keep many containers for long."""
    gc.freeze()
    gc.disable()


def resident_bytes() -> int:
    """Read how much memory this process holds; 0 where the system does not say."""
    try:
        return int(STATM.read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def give_back() -> None:
    """Return free memory to the system now, what only cycles still hold included."""
    gc.collect()
    trim = getattr(_libc(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
