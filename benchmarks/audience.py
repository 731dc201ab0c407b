"""Be those who look while others send: open pages that draw themselves anew at news, and one slow questioner."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from statistics import median
from threading import Event, Thread
from typing import Final

REST_S: Final = 0.5
"""A page draws itself at most so often (web/static/app.js)."""
SILENT_S: Final = 20.0
"""Longer than a page is ever left without a word."""
PART: Final = "/?part=live"
SLOW: Final = (
    "select count(*), max(length(a.raw_input) + length(b.raw_output))"
    " from agent_traces as a join agent_traces as b on b.session_id = a.session_id"
)
"""It reads every pair of entries of every session: it is ended at its deadline, and asked again."""
SLOWLY: Final = "ran longer than"


@dataclass(slots=True)
class Seen:
    """Hold what was seen: how long pages took to come, in milliseconds, and how many slow questions were asked."""

    draws_ms: list[float] = field(default_factory=list)
    questions: int = 0
    trouble: str = ""
    """What is wrong with this as a measurement."""

    @property
    def middle_ms(self) -> float:
        """Give the median of the draws."""
        return median(self.draws_ms) if self.draws_ms else 0.0


@contextmanager
def watching(address: str, pages: int) -> Iterator[Seen]:
    """Keep so many pages open, and one slow question under way, for the length of a block."""
    seen, over = Seen(), Event()
    works: list[Callable[[], None]] = [lambda: _page(address, seen, over)] * pages
    if pages:
        works.append(lambda: _ask(address, seen, over))
    threads = [Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _page(address: str, seen: Seen, over: Event) -> None:
    """Listen to news, and draw the live part anew at each, not more often than a page does."""
    news, drawn = HTTPConnection(address, timeout=SILENT_S), HTTPConnection(address, timeout=SILENT_S)
    with suppress(OSError, HTTPException):
        news.request("GET", "/live")
        stream = news.getresponse()
        while not over.is_set():
            if not stream.readline().startswith(b"event: news"):
                continue
            began = time.perf_counter()
            drawn.request("GET", PART)
            drawn.getresponse().read()
            seen.draws_ms.append((time.perf_counter() - began) * 1000)
            over.wait(REST_S)
    news.close()
    drawn.close()


def _ask(address: str, seen: Seen, over: Event) -> None:
    connection = HTTPConnection(address, timeout=60)
    while not over.is_set():
        with suppress(OSError, HTTPException):
            body = json.dumps({"query": SLOW})
            connection.request("POST", "/api/v1/sql", body, {"Content-Type": "application/json"})
            answer = connection.getresponse().read().decode()
            seen.questions += 1
            if SLOWLY not in answer:
                seen.trouble = seen.trouble or f"the slow question was answered otherwise: {answer[:200]}"
    connection.close()
