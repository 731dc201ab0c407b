"""Write docs/vocabulary.md: each event, its attributes, and how it is told in every way."""

from collections.abc import Iterator
from typing import Final

from api.operations import PREFIX
from api.tracked import TRACKED
from spanledger.book import VERBS
from tracking.values import EXIT_REASONS, JOB_STATUSES, OUTCOMES, STATUSES
from tracking.vocabulary import EVENTS, VERSION, Event

HEAD: Final = f"""\
# The vocabulary, version {VERSION}

What agents tell of their work, in every way that there is: [how to](tracking.md) has examples.
A record's attributes have the names of the first column; over HTTP and on the command line the field is meant.
Every event may also have `tracking.event_id`, `agent.session.id`, `agent.job.id`, `project.key` and `agent.name`.
"""
KINDS: Final = {
    "key": "text of 1 to 1024 characters, or a whole number",
    "text": "text",
    "whole": "whole number of zero or more",
    "run_no": "whole number from 1",
    "number": "number of zero or more",
    "truth": "true or false",
    "texts": "list of texts",
    "object": "map, or JSON text of an object",
    "status": ", ".join(STATUSES),
    "job_status": ", ".join(JOB_STATUSES),
    "outcome": ", ".join(OUTCOMES),
    "exit_reason": ", ".join(EXIT_REASONS),
}


def page() -> str:
    """Write the page."""
    return "\n".join([HEAD, *(line for event in EVENTS.values() for line in _event(event))])


def _event(event: Event) -> Iterator[str]:
    yield f"## {event.name}\n"
    yield f"{event.does} Writes `{event.table}`{' when the record is derived' if event.derived else ''}.\n"
    ways = list(_ways(event))
    if ways:
        yield "\n".join(f"- `{way}`" for way in ways) + "\n"
    yield "| attribute | field | | |"
    yield "| --- | --- | --- | --- |"
    for attribute in event.attributes.values():
        needed = "**needed**; " if attribute.needed else ""
        yield f"| `{attribute.name}` | `{attribute.field}` | {needed}{KINDS[attribute.type]} | {attribute.says} |"
    yield ""


def _ways(event: Event) -> Iterator[str]:
    for operation in TRACKED:
        if operation.says == event.does:
            yield f"{operation.method} {PREFIX}{operation.path}"
    for verb in VERBS:
        if verb.event == event.name:
            yield f"spanledger {verb.group} {verb.name} {' '.join(name.upper() for name in verb.arguments)}"
    if event.name in TASKS:
        yield TASKS[event.name]


TASKS: Final = {"plan.task.done": "spanledger task done TASK", "plan.task.status": "spanledger task status TASK STATUS"}
