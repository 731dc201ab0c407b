"""Answer `spanledger trace`."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from api import reading
from api.pages import Row
from api.times import between_ms
from core.errors import Missing
from spanledger.config import Config
from spanledger.layout import amount, columns, cut, padded, price, took
from spanledger.options import reading as opened
from spanledger.terminal import plain, say, say_json

HINT: Final = "give the id of a trace or of a session; `spanledger sessions` lists these"
BRANCH: Final = "  "
DEEPEST: Final = 12
"""Levels that are indented; deeper ones are told by a number."""
TIME: Final = 9
MESSAGE: Final = "message"
"""The kind of entries that repeat what a model call was told; those that follow each other are counted."""


COPY: Final = "copy"
"""The kind of entries that repeat what a model call's own record says."""
MOMENT: Final = "moment"
"""The kind of entries that tell of a moment, such as that a trace ended; they have no place in a tree."""


def show(config: Config, beginning: str, *, form: str, as_json: bool) -> None:
    """Show a trace, or a session's entries, as a tree or in order of time."""
    with opened(config) as side:
        told = _find(side, beginning)
    steps = told["steps"]
    if as_json:
        say_json(told)
        return
    head = f"{told['what']} {told['id']}  {len(steps)} steps  {_span(steps)}"
    say(cut(plain(head), columns()))
    told_once = [step for step in steps if step["kind"] != COPY]
    if form == "timeline":
        lines: Iterable[str] = _timeline(told_once)
    else:
        lines = map(_tree_line, folded(step for step in told_once if step["kind"] != MOMENT))
    for line in lines:
        say(line)


def folded(steps: Iterable[Row]) -> Iterator[Row]:
    """Give steps with one in the place of several messages that follow each other."""
    for (is_message, _), run in groupby(steps, key=lambda step: (step["kind"] == MESSAGE, step["depth"])):
        held = list(run)
        if is_message and len(held) > 1:
            yield {**held[0], "name": f"{len(held)} messages"}
        else:
            yield from held


def _find(side: Any, beginning: str) -> Row:
    try:
        trace_id = reading.whole_id(side, "trace", beginning.lower(), hint=HINT)
    except Missing:
        session_id = reading.whole_id(side, "session", beginning, hint=HINT)
        return {"what": "session", "id": session_id, "steps": reading.outline(side, session_id)}
    found = reading.trace(side, trace_id)
    return {"what": "trace", "id": trace_id, "sessions": found["sessions"], "steps": found["spans"]}


def _tree_line(step: Row) -> str:
    depth = step["depth"]
    indent = BRANCH * depth if depth <= DEEPEST else f"{BRANCH * DEEPEST}({depth}) "
    return _line(indent, step)


def _timeline(steps: Sequence[Row]) -> Iterator[str]:
    ordered = list(folded({**step, "depth": 0} for step in sorted(steps, key=lambda step: step["timestamp"] or "")))
    start = next((step["timestamp"] for step in ordered if step["timestamp"]), None)
    for step in ordered:
        since = between_ms(start, step["timestamp"])
        yield _line(f"{'' if since is None else f'+{since / 1000:.3f}s':>{TIME}}  ", step)


def _line(ahead: str, step: Row) -> str:
    """Write one step: what it is to the left, what it took to the right, both on one line that fits."""
    room = columns()
    numbers = "  ".join(_numbers(step))
    left = cut(plain(ahead + "  ".join(_words(step))), max(20, room - len(numbers) - 2))
    return padded(left, room - len(numbers)) + numbers if numbers else left


def _words(step: Row) -> Iterator[str]:
    """Say what a step is; of one that failed first why, for what does not fit is cut."""
    failed = step["status"] == "error"
    name = step["name"] or step["type"] or "?"
    yield f"! {name}" if failed else name
    if failed:
        yield from filter(None, (step["error_type"], step["error_message"] or step.get("status_message")))
    kind = step["type"] if step["kind"] == MOMENT else step["kind"] if step["kind"] not in {None, "other"} else None
    if kind and kind not in name:
        yield f"[{kind}]"
    if step["model_used"] and step["model_used"] not in name:
        yield step["model_used"]


def _numbers(step: Row) -> Iterator[str]:
    if step["counted"] and step["input_tokens"] is not None:
        yield f"{amount(step['input_tokens'])}>{amount(step['output_tokens'])}"
    if step["counted"] and step["cost_usd"] is not None:
        yield price(step["cost_usd"])
    if step["duration_ms"] is not None:
        yield f"{took(step['duration_ms']):>6}"


def _span(steps: Sequence[Row]) -> str:
    times = [step["timestamp"] for step in steps if step["timestamp"]]
    return f"{min(times)[:19].replace('T', ' ')} UTC" if times else ""
