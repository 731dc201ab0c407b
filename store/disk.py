"""Watch the room on the disk: a full disk is a state that passes, not a crash.

While there is too little room nothing is taken, reading goes on, and a reserve gives deleting the room that it needs.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.errors import DiskFull

LOOK_EVERY_S = 1.0
LARGE = 1 << 20
"""A batch from this size on is a reason to look again."""

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "glusterfs", "lustre", "fuse.sshfs"})


class DiskGuard:
    """Refuse with DiskFull while less than `min_free` bytes or `min_free_percent` of the disk are free.

    The reserve is `<db>.reserve`; it is given up when a write found the disk full,
    and taken back when there is room for it twice over.
    Until then nothing is taken, so that the room it gave is for deleting.
    """

    def __init__(  # noqa: PLR0913  one for each setting
        self,
        path: Path,
        *,
        min_free: int,
        min_free_percent: float = 0.0,
        reserve: int = 0,
        clock: Callable[[], float] = time.monotonic,
        statvfs: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:
        self.low = False
        self.free = 0
        self.needed = 0
        self._folder = path.parent
        self._reserve = path.with_name(path.name + ".reserve")
        self._reserve_bytes = reserve
        self._min_free, self._min_free_percent = min_free, min_free_percent
        self._clock, self._statvfs = clock, statvfs
        self._next_look = clock()

    def admit(self, size: int = 0) -> None:
        """Raise DiskFull while there is too little room; looks at most once a second unless the batch is large."""
        now = self._clock()
        if now >= self._next_look or size >= LARGE:
            self._next_look = now + LOOK_EVERY_S
            self._look()
        if self.low:
            raise DiskFull(
                f"the disk of {self._folder} has {self.free >> 20} MiB free and {self.needed >> 20} MiB are needed; "
                "make room, and telemetry is taken again"
            )

    def filled(self) -> None:
        """Note that a write found the disk full: give the reserve up, take nothing until the next look."""
        self.low = True
        self._next_look = self._clock() + LOOK_EVERY_S
        self._reserve.unlink(missing_ok=True)

    def _look(self) -> None:
        disk = self._statvfs(self._folder)
        self.free = disk.f_bavail * disk.f_frsize
        share = int(disk.f_blocks * disk.f_frsize * self._min_free_percent / 100)
        missing = self._reserve_bytes > 0 and not self._has_reserve()
        self.needed = max(self._min_free, share) + (2 * self._reserve_bytes if missing else 0)
        self.low = self.free < self.needed or (missing and not self._make_reserve())

    def _has_reserve(self) -> bool:
        with suppress(FileNotFoundError):
            return self._reserve.stat().st_size >= self._reserve_bytes
        return False

    def _make_reserve(self) -> bool:
        """Take the room now; blocks that are only promised would not be there when they are needed."""
        try:
            descriptor = os.open(self._reserve, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._reserve_bytes)
            finally:
                os.close(descriptor)
        except OSError:
            self._reserve.unlink(missing_ok=True)
            return False
        return True


def room(path: Path, min_free: int, min_free_percent: float) -> tuple[int, int]:
    """Say how many bytes the disk of a file has free, and how many there must be."""
    disk = os.statvfs(path.parent)
    share = int(disk.f_blocks * disk.f_frsize * min_free_percent / 100)
    return disk.f_bavail * disk.f_frsize, max(min_free, share)


def free_bytes(path: Path) -> int:
    """Say how much room the disk of a file has."""
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize


def network_filesystem(path: Path, *, mounts: Path = Path("/proc/mounts")) -> str | None:
    """Name the network filesystem that a path is on, where a write-ahead log is not safe; None when it is local."""
    if not mounts.exists():
        return None
    resolved = path.resolve()
    best, kind = 0, None
    for line in mounts.read_text().splitlines():
        _, place, name, *_ = line.split(" ")
        above = Path(place.replace("\\040", " "))
        if resolved.is_relative_to(above) and len(above.parts) >= best:
            best, kind = len(above.parts), name
    return kind if kind in NETWORK else None
