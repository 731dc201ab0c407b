"""Mirror `store.disk`."""

import os
from pathlib import Path

import pytest

from core.errors import DiskFull
from store.disk import LARGE, DiskGuard, network_filesystem

MIB = 1 << 20


class Disk:
    """Be a disk of 1000 MiB and a clock, both turned by hand."""

    def __init__(self) -> None:
        self.free = 900
        self.now = 0.0
        self.looks = 0

    def statvfs(self, _path: Path) -> os.statvfs_result:
        """Answer in blocks of one MiB."""
        self.looks += 1
        return os.statvfs_result((MIB, MIB, 1000, self.free, self.free, 0, 0, 0, 0, 255))


@pytest.fixture
def disk() -> Disk:
    """Give a disk with plenty of room."""
    return Disk()


def _guard(disk: Disk, folder: Path, *, min_free: int = 100, percent: float = 0, reserve: int = 0) -> DiskGuard:
    return DiskGuard(
        folder / "ledger.db",
        min_free=min_free * MIB,
        min_free_percent=percent,
        reserve=reserve * MIB,
        clock=lambda: disk.now,
        statvfs=disk.statvfs,
    )


@pytest.mark.parametrize(("min_free", "percent", "needed"), [(100, 5, 100), (10, 5, 50), (0, 0, 0)])
def test_the_larger_limit_holds(disk: Disk, tmp_path: Path, min_free: int, percent: float, needed: int) -> None:
    """What is needed is a number of bytes or a share of the disk, whichever is more."""
    guard = _guard(disk, tmp_path, min_free=min_free, percent=percent)
    disk.free = needed
    guard.admit()
    disk.free, disk.now = needed - 1, 1
    if needed:
        with pytest.raises(DiskFull, match=f"has {needed - 1} MiB free and {needed} MiB are needed"):
            guard.admit()


def test_it_looks_once_a_second_and_before_large_batches(disk: Disk, tmp_path: Path) -> None:
    """Between two looks the answer stays, unless a batch is large enough to matter."""
    guard = _guard(disk, tmp_path)
    for _ in range(3):
        guard.admit(LARGE - 1)

    assert disk.looks == 1
    disk.free = 0
    with pytest.raises(DiskFull):
        guard.admit(LARGE)
    with pytest.raises(DiskFull):
        guard.admit()
    disk.free, disk.now = 900, 1
    guard.admit()
    assert disk.looks == 3


def test_the_reserve_is_real_and_private(disk: Disk, tmp_path: Path) -> None:
    """The reserve takes its blocks at once."""
    _guard(disk, tmp_path, reserve=2).admit()
    reserve = (tmp_path / "ledger.db.reserve").stat()

    assert (reserve.st_size, reserve.st_mode & 0o777) == (2 * MIB, 0o600)
    assert reserve.st_blocks * 512 >= 2 * MIB


def test_a_full_disk_costs_the_reserve(disk: Disk, tmp_path: Path) -> None:
    """After a write found no room the reserve is gone, and it is taken back only when there is room for it twice."""
    guard, reserve = _guard(disk, tmp_path, reserve=2), tmp_path / "ledger.db.reserve"
    guard.admit()
    guard.filled()

    assert guard.low
    assert not reserve.exists()
    disk.free, disk.now = 103, 1
    with pytest.raises(DiskFull, match="104 MiB are needed"):
        guard.admit()
    disk.free, disk.now = 104, 2
    guard.admit()
    assert reserve.exists()


def test_a_reserve_that_cannot_be_made_is_low_disk(disk: Disk, tmp_path: Path) -> None:
    """What the disk says it has may not be there; then nothing is taken, and nothing is left behind."""
    guard = _guard(disk, tmp_path, reserve=10**9)
    disk.free = 10**10
    with pytest.raises(DiskFull):
        guard.admit()

    assert list(tmp_path.iterdir()) == []


def test_a_reserve_from_before_is_kept(disk: Disk, tmp_path: Path) -> None:
    """A restart needs no room for a reserve that is there."""
    (tmp_path / "ledger.db.reserve").write_bytes(bytes(2 * MIB))
    disk.free = 100
    _guard(disk, tmp_path, reserve=2).admit()


@pytest.mark.parametrize(
    ("place", "kind"), [("/home/me/x.db", "nfs4"), ("/home/you/x.db", None), ("/mnt/a b/x.db", "cifs")]
)
def test_network_filesystems_are_named(tmp_path: Path, place: str, kind: str | None) -> None:
    """The innermost mount decides."""
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\nserver:/me /home/me nfs4 rw 0 0\n//server/b /mnt/a\\040b cifs rw 0 0\n")

    assert network_filesystem(Path(place), mounts=mounts) == kind


def test_without_a_list_of_mounts_nothing_is_said(tmp_path: Path) -> None:
    """Other systems have no /proc/mounts."""
    assert network_filesystem(tmp_path, mounts=tmp_path / "none") is None
