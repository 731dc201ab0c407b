"""Mirror `store.lock`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import AlreadyRunning, Misconfigured
from store.lock import Lock, lock_path, read

HOLD = """
import sys
from pathlib import Path
from store.lock import Lock
with Lock(Path(sys.argv[1])) as lock:
    lock.describe(grpc="127.0.0.1:4317", http="127.0.0.1:4318", started_at=5.0)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Name a database in a folder that does not exist yet."""
    return tmp_path / "folder" / "ledger.db"


def test_a_second_lock_names_the_holder(database: Path) -> None:
    """Who comes second is told which process holds the database and where it listens."""
    with Lock(database) as lock:
        lock.describe(grpc="127.0.0.1:4317", http="127.0.0.1:4318")
        with pytest.raises(
            AlreadyRunning, match=rf"process {os.getpid()} \(gRPC 127.0.0.1:4317, HTTP 127.0.0.1:4318\)"
        ):
            Lock(database).__enter__()


def test_the_holder_can_be_read(database: Path) -> None:
    """Others see pid, addresses and start while the lock is held, and nothing after."""
    assert read(database) is None
    with Lock(database) as lock:
        lock.describe(grpc="[::1]:4317", started_at=7.5)
        holder = read(database)

        assert holder is not None
        assert (holder.pid, holder.grpc, holder.http, holder.started_at) == (os.getpid(), "[::1]:4317", None, 7.5)
    assert read(database) is None


def test_a_shorter_description_replaces_a_longer_one(database: Path) -> None:
    """The file always holds one whole JSON object."""
    with Lock(database) as lock:
        lock.describe(grpc="a-very-long-host-name.example.org:4317", http="another.example.org:4318")
        lock.describe()

        assert json.loads(lock.path.read_text()) == {
            "pid": os.getpid(),
            "grpc": None,
            "http": None,
            "started_at": None,
            "secret": None,
        }


def test_the_lock_of_a_killed_process_does_not_block(database: Path) -> None:
    """After SIGKILL the file still names the process, yet the database is free at once."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        holder = read(database)
        with pytest.raises(AlreadyRunning, match=f"process {process.pid}"):
            Lock(database).__enter__()
        process.kill()
        process.wait()

    assert holder is not None
    assert holder.pid == process.pid
    assert str(process.pid) in lock_path(database).read_text()
    assert read(database) is None
    with Lock(database):
        pass


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pid": "x"}', b'{"pid": 1e99}', b'{"pid": -1}', b'{"new": 1}', b"\xff"]
)
def test_what_the_file_says_is_not_trusted(database: Path, content: bytes) -> None:
    """Whatever an old file holds, a lock nobody holds can be taken."""
    database.parent.mkdir()
    lock_path(database).write_bytes(content)

    assert read(database) is None
    with Lock(database):
        pass


def test_a_process_of_that_number_is_not_enough(database: Path) -> None:
    """A file that names a living process which does not hold the lock is stale."""
    database.parent.mkdir()
    lock_path(database).write_text(json.dumps({"pid": os.getppid()}))

    assert read(database) is None


def test_the_lock_is_private_and_its_folder_is_made(database: Path) -> None:
    """The file is for the owner alone."""
    with Lock(database) as lock:
        assert lock.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in the place of the folder is a mistake of the configuration."""
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="cannot make"):
        Lock(tmp_path / "file" / "ledger.db").__enter__()
