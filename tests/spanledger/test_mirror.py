"""Mirror `spanledger.mirror`: a callback tells the collector, and never troubles who calls it."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from spanledger import mirror
from tests.support import sessions
from tests.support.api import ask
from tests.support.service import running
from tests.support.wait import until

WITHIN_S = 30
AT_ONCE_S = 0.5


def test_a_callback_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the callback tells is synced by the daemon on the default database, and on another that is named."""
    (place,) = sessions.project(tmp_path / "shop", 1)
    db = tmp_path / "spanledger.db"
    monkeypatch.setenv("SPANLEDGER_DB", str(db))
    with running(db, sync__paths=str(tmp_path / "shop"), sync__rescan="1d") as service:
        until(lambda: ask(service, "/sync")["syncs"] == 2, within_s=WITHIN_S)  # at the start, and when it is watched
        mirror.on_save_callback(place)
        until(lambda: ask(service, "/sync")["syncs"] == 3, within_s=WITHIN_S)
        mirror.notifier(db=db)(place)
        until(lambda: ask(service, "/sync")["syncs"] == 4, within_s=WITHIN_S)


def test_nobody_is_troubled(tmp_path: Path) -> None:
    """Without a daemon, and whatever it is given, it returns at once and raises nothing."""
    teller = mirror.Teller(tmp_path / "nowhere.db")
    began = time.monotonic()
    for number in range(mirror.MOST * 3):
        teller.tell(tmp_path / str(number))
    for odd in (None, 7, object(), "", "\0", "x" * 10_000):
        teller.tell(odd)  # type: ignore[arg-type]  # it must outlive that too
    assert time.monotonic() - began < AT_ONCE_S * 10

    until(lambda: teller.lost >= mirror.MOST * 3, within_s=WITHIN_S)


def test_its_thread_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread goes when there is nothing to tell, and comes back."""
    monkeypatch.setattr(mirror, "LINGER_S", 0.01)
    teller = mirror.Teller(tmp_path / "nowhere.db")
    for _ in range(2):
        teller.tell(tmp_path)
        until(lambda: all(one.name != "spanledger mirror" for one in threading.enumerate()), within_s=WITHIN_S)

    assert 2 == teller.lost


def test_a_program_that_ends_at_once(tmp_path: Path) -> None:
    """A program that saves and ends is not held up, nor is one that forks; importing costs little."""
    script = (
        "import os, sys, time; began = time.monotonic(); from spanledger import mirror;"
        "assert not {'pydantic', 'aiohttp', 'apsw'} & set(sys.modules);"
        "mirror.on_save_callback('.'); pid = os.fork(); mirror.on_save_callback('.');"
        "pid and os.waitpid(pid, 0)"
    )
    environment = {**os.environ, "SPANLEDGER_DB": str(tmp_path / "nowhere.db"), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=environment, capture_output=True, timeout=20, check=False
    )

    assert (0, b"") == (done.returncode, done.stderr)
