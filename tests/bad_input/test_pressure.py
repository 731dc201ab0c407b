"""More than can be written, and patterns that never end: rows 80 and 87."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from core.errors import Refused
from schema.signals import Signal
from store.reading import SqliteReadSide
from tests.support import build
from tests.support.clients import PROTOBUF, export, post
from tests.support.neighbours import rows
from tests.support.peak import MIB, peak_of, reach
from tests.support.process import Process, ready_process
from tests.support.service import Running

SENDERS = 12
REQUESTS = 18
PROMPT = "語" * (10 * MIB // 3)
GOOD_ANSWERS = {"200", "503", "OK", "UNAVAILABLE"}


def prompt() -> bytes:
    """Build a request of one span with a prompt of 10 MiB."""
    return bytes(build.traces(build.span(attributes=build.attributes({"gen_ai.prompt": PROMPT}))).SerializeToString())


def send(daemon: Process, number: int) -> str:
    """Send a long prompt over one of the two transports, and give the answer's name."""
    if number % 2:
        return export(reach(daemon), Signal.TRACES, prompt(), timeout=60).code.name
    return str(post(reach(daemon), "/v1/traces", prompt(), PROTOBUF).status)


def test_row_87_long_prompts_from_many_senders_stay_within_memory(tmp_path: Path) -> None:
    """Twelve senders of 10 MiB prompts get success or are asked to come again; each success is stored, once."""
    with ready_process(tmp_path / "prompts.db") as daemon:
        with peak_of(daemon), ThreadPoolExecutor(SENDERS) as pool:
            answers = Counter(pool.map(lambda number: send(daemon, number), range(REQUESTS)))
        stored = rows(daemon.db, "select count(*) as n, min(length(attributes)) as least from spans")

    assert set(answers) <= GOOD_ANSWERS
    assert stored[0]["n"] == answers["200"] + answers["OK"] > 0
    assert stored[0]["least"] > len(PROMPT)


def test_row_87_small_senders_are_served_among_large_ones(tmp_path: Path) -> None:
    """While others send 10 MiB prompts, a small request is answered within the time its sender has."""
    with ready_process(tmp_path / "mixed.db") as daemon, ThreadPoolExecutor(3) as pool:
        over = threading.Event()
        large = [pool.submit(lambda: [send(daemon, 0) for _ in range(2) if not over.is_set()]) for _ in range(3)]
        small = [post(reach(daemon), "/v1/logs", build.body(Signal.LOGS)).status for _ in range(20)]
        over.set()
        for sender in large:
            assert set(sender.result()) <= GOOD_ANSWERS

    assert set(small) == {200}


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("%a" * 30 + "b", id="many"),
        pytest.param("%" + "a" * 20_000 + "b", id="long"),
        pytest.param("%" + "a" * 490 + "b", id="as long as may be"),
    ],
)
@pytest.mark.parametrize("operator", ["like", "glob"])
def test_row_80_a_pattern_that_takes_too_long_is_ended(service: Running, operator: str, pattern: str) -> None:
    """A pattern that would be tried billions of times is answered or refused soon after the deadline."""
    span = build.span(name="a" * 200_000)
    assert post(service, "/v1/traces", build.traces(span).SerializeToString()).status == 200
    written = pattern.replace("%", "*") if operator == "glob" else pattern
    began = time.monotonic()
    with closing(SqliteReadSide(service.db, deadline_s=0.5)) as reader, suppress(Refused):
        list(reader.query(f"select count(*) from spans where name {operator} '{written}'"))

    assert time.monotonic() - began < 5
