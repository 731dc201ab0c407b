"""Search what agents said and did: `from spanledger import texts`."""

from typing import Any

from api import searching
from spanledger.hands import Database, When, asking, when


def search(  # noqa: PLR0913  one for each filter
    text: str,
    *,
    kind: str | None = None,
    session: str | None = None,
    agent: str | None = None,
    project: str | None = None,
    tool: str | None = None,
    errors: bool = False,
    since: When = None,
    until: When = None,
    order: str = "newest",
    limit: int = searching.DEFAULT,
    cursor: str | None = None,
    db: Database = None,
) -> dict[str, Any]:
    """Find prompts, answers, tool calls, errors and notes by their words; docs/search.md says what the answer holds.

    Any text is answered. Raise Missing when there is no database, Invalid for another order than newest and best.
    """
    where = {"kind": kind, "session": session, "agent": agent, "project": project, "tool": tool, "errors": errors}
    with asking(db) as side:
        return searching.search(
            side, q=text, order=order, limit=limit, cursor=cursor, since=when(since), until=when(until), **where
        )
