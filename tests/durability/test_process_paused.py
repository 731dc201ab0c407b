"""Pause the daemon's processes again and again, as laptops that sleep and containers that are frozen do."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.load import Conversations, Load, look, reading, sender
from tests.support.process import Process, ready_process
from tests.support.wait import until

REQUEST_BYTES: Final = 600_000
REQUESTS: Final = 12
BETWEEN_S: Final = 0.003
DERIVED_S: Final = 60
NOT_DERIVED: Final = """
select (select max(id) from raw_spans) - ifnull((select after_id from derived_positions where signal = 'traces'), 0)
"""


def test_row_88_processes_that_are_paused_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they say to each other arrives whole, also where nothing that is written is buffered: all is derived."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    db, load, large = tmp_path / "spanledger.db", Load(), Conversations(REQUEST_BYTES)
    with ready_process(db) as running:
        with pausing(running), sender("http", running.http) as send:
            for _ in range(REQUESTS):
                sent = large.request("http", load)
                sent.acknowledged = send(sent)
            until(lambda: _not_derived(db) == 0, within_s=DERIVED_S)

        assert all(sent.acknowledged for sent in load.sent)
        look(db).check(load.sent, load)
        assert not [one for one in running.records if one["level"] != "info"], "a process had to start again"
        assert running.stop() == 0


@contextmanager
def pausing(running: Process) -> Iterator[None]:
    """Stop each child of a daemon and let it go on, over and over, for the length of a block."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(BETWEEN_S):
            for pid in running.children():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    os.kill(pid, signal.SIGCONT)

    worker = threading.Thread(target=work, name="pausing")
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def _not_derived(db: Path) -> object:
    with reading(db) as connection:
        return connection.execute(NOT_DERIVED).fetchall()[0][0]
