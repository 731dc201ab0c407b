"""Answer `spanledger search`."""

import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from api.reading import whole_id
from api.searching import search
from spanledger.config import Config
from spanledger.layout import columns, cut, short_clock, short_ids, wrapped
from spanledger.options import reading
from spanledger.terminal import note, plain, say, say_json

INDENT: Final = 4
LINES: Final = 4
BEGIN, END = "\ue000", "\ue001"
"""Letters of nobody's that stand where marks begin and end while text is laid out."""


def show(config: Config, text: str, where: Mapping[str, Any], *, limit: int, as_json: bool) -> None:
    """Print what holds the words: a line about each, and pieces of its text."""
    asked = dict(where)
    with reading(config) as side:
        if "session" in asked:
            asked["session"] = whole_id(side, "session", asked["session"], hint="`spanledger sessions` lists them")
        found = search(side, q=text, limit=limit, **asked)
    if as_json:
        say_json(found)
        return
    if found["note"]:
        note(found["note"])
    items = found["items"]
    if not items:
        say("nothing is like that; try fewer words, or leave a filter out")
    sessions = [item["session_id"] for item in items if item["session_id"]]
    short = dict(zip(sessions, short_ids(sessions), strict=True))
    for item in items:
        _print(item, short.get(item["session_id"]))
    if found["next"]:
        say(f"the {'best' if where.get('order') == 'best' else 'newest'} {len(items)}; --limit shows more")


def _print(item: Mapping[str, Any], session: str | None) -> None:
    told = (
        item["status"] if item["failed"] else None,
        item["agent_name"],
        item["tool_name"] or item["title"],
        session and f"session {session}",
        item["part_of"],
    )
    head = f"{short_clock(item['at']):11}  {item['kind']:<6}  {' · '.join(filter(None, told))}"
    say(cut(plain(head), columns()))
    for piece in item["snippets"]:
        if piece["field"] != "title":
            click.echo(_shown(wrapped(_marked(piece), indent=INDENT, lines=LINES)))
    say()


def _marked(piece: Mapping[str, Any]) -> str:
    """Write a piece in one line with signs at its marks, and dots where text is left out."""
    text, parts, at = piece["text"].replace(BEGIN, " ").replace(END, " "), [], 0
    for start, end in piece["marks"]:
        parts += [text[at:start], BEGIN, text[start:end], END]
        at = end
    whole = "".join((*parts, text[at:]))
    return f"{piece['field']}: {'…' if piece['before'] else ''}{whole}{'…' if piece['after'] else ''}"


def _shown(text: str) -> str:
    """Write marks in bold on a terminal, and in quotation marks elsewhere."""
    on, off = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("»", "«")
    return text.replace(BEGIN, on).replace(END, off)
