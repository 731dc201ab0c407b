"""Look for what is no words: row 79."""

from urllib.parse import quote

import pytest

from tests.support.api import ask, raw
from tests.support.service import Running

HOSTILE = (
    '"',
    '""',
    "a AND",
    "OR OR",
    "NOT",
    "NEAR(",
    "NEAR(a b, 999999999999)",
    "-foo",
    "- - -",
    "(((",
    "a) OR (b",
    "^a",
    "text:a",
    "labels : x",
    "{text labels} : a",
    "a + b",
    "*",
    '"a"*',
    "a\0b",
    "\0",
    "' OR 1=1 --",
    "); drop table words; --",
    "a" * 7_000,
    "a " * 2_000,
    "%25%5F",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "\uff41\uff0a",
    "🙂",
    "\u202e" * 50,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_row_79_any_search_is_answered(shared_service: Running, text: str) -> None:
    """Quotes, operators, brackets and anything else in a search are words, and never a fault of ours."""
    reply = raw(shared_service, f"/search?q={quote(text, safe='')}")

    assert 200 == reply.status, reply.body


def test_row_79_a_search_is_not_a_statement(service: Running) -> None:
    """What is looked for and filtered by is never part of a statement."""
    ask(service, "/entries", method="POST", body={"type": "step", "raw_input": "kept"}, status=201)
    for name in ("q", "kind", "session", "agent", "project", "tool"):
        raw(service, f"/search?{name}={quote(chr(39) + '; delete from agent_traces; --', safe='')}")

    assert 1 == len(ask(service, "/entries")["items"])
