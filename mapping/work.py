"""Read which work a record says it was for: a plan, an experiment's run, an issue (mapping.md F, issue 4).

Any span, log record or resource may say it; `OTEL_RESOURCE_ATTRIBUTES=plan.key=…` is enough for a whole program.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mapping.record import Record

Work = tuple[tuple[str, str], ...]
"""Kinds of work, each with its key."""
KINDS: Final = {
    "project.key": "project",
    "plan.key": "plan",
    "task.key": "task",
    "refactor.key": "refactor",
    "debug.session.key": "debug",
    "experiment.key": "experiment",
    "experiment.run.no": "run",
    "issue.id": "issue",
    "work.session.id": "session",
}
KEYS: Final = frozenset(KINDS)
INSIDE: Final = {"task": "plan", "run": "experiment"}
"""What is named within another: a task is '<plan>#<task>', a run '<experiment>#<number>'."""
MAX_KEY: Final = 1024
"""Characters of a key; a longer one names nothing."""


def work_of(record: Record) -> Work:
    """Give the work that a record is for; what it says itself goes before its resource, a span's events add to it."""
    told = {**_told(record.resource), **_told(record.attributes)}
    found = dict.fromkeys(_named(told))
    for event in record.events:
        if not KEYS.isdisjoint(event.attributes):
            found |= dict.fromkeys(_named({**told, **_told(event.attributes)}))
    return tuple(found)


def _told(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {KINDS[key]: text for key in KEYS & attributes.keys() if (text := _text(attributes[key]))}


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return text if len(text) <= MAX_KEY else ""


def _named(told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name each in full; a run without its experiment names nothing."""
    for kind, key in told.items():
        around = INSIDE.get(kind)
        if around is None:
            yield kind, key
        elif around in told:
            yield kind, f"{told[around]}#{key}"
