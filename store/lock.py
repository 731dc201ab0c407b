"""Let one daemon hold a database, and tell others who that is.

The lock is the system's and ends with the process; what the file says is only for people and is never trusted alone.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.errors import AlreadyRunning, Misconfigured

TRIES = 20
MAX_PID = 1 << 22
TRY_EVERY_S = 0.02
"""A look at the lock holds it for a moment; a holder that does not live is waited for this long, this often."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Say which process holds a database, and where it listens."""

    pid: int
    grpc: str | None = None
    http: str | None = None
    started_at: float | None = None
    secret: str | None = field(default=None, repr=False)
    """A token for who may read the file, and so the database."""

    @property
    def alive(self) -> bool:
        """Say whether there is such a process."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def __str__(self) -> str:
        places = [f"{name} {place}" for name, place in (("gRPC", self.grpc), ("HTTP", self.http)) if place]
        return f"process {self.pid}" + (f" ({', '.join(places)})" if places else "")


class Lock:
    """Hold a database for the length of a `with` block, or raise AlreadyRunning that names the holder."""

    def __init__(self, database: Path) -> None:
        self.path = lock_path(database)
        self._database = database
        self._descriptor: int | None = None
        self.was_left = False
        """Whether whoever held it before ended without letting go."""

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misconfigured(f"cannot make {self.path}: {error.strerror}; check the path and its owner") from error
        self._acquire(self._descriptor)
        self.was_left = bool(os.pread(self._descriptor, 1, 0))
        self.describe()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            if error is None:  # whoever comes next knows otherwise that something went wrong
                os.ftruncate(self._descriptor, 0)
            self._release()

    def describe(self, **told: Any) -> None:
        """Tell others where this process listens: the fields of a Holder but `pid`."""
        assert self._descriptor is not None, "the lock is held"
        text = json.dumps(asdict(Holder(os.getpid(), **told))).encode()
        os.pwrite(self._descriptor, text, 0)
        os.ftruncate(self._descriptor, len(text))

    def _acquire(self, descriptor: int) -> None:
        for _ in range(TRIES):
            if _try_lock(descriptor, fcntl.LOCK_EX):
                return
            holder = _described(self.path)
            if holder is not None and holder.alive:
                break
            time.sleep(TRY_EVERY_S)
        self._release()
        holder = _described(self.path)
        raise AlreadyRunning(
            f"{self._database} is in use by {holder or 'another process'}; stop it, or name another file"
        )

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def lock_path(database: Path) -> Path:
    """Name the file that is locked for a database."""
    return database.with_name(database.name + ".lock")


def read(database: Path) -> Holder | None:
    """Find the daemon that runs on a database; None when there is none, whatever an old file says."""
    path = lock_path(database)
    holder = _described(path)
    if holder is None or not holder.alive:
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return None if _try_lock(descriptor, fcntl.LOCK_SH) else holder
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _described(path: Path) -> Holder | None:
    """Read what the file says; it may be half written, or of another version."""
    try:
        said = json.loads(path.read_bytes())
        return Holder(**said) if isinstance(said["pid"], int) and 0 < said["pid"] < MAX_PID else None
    except (OSError, ValueError, TypeError, LookupError):
        return None
