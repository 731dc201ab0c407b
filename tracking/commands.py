"""Make commands of raw values, by one set of rules for records, requests, command lines and functions (mapping.md F).

```
command = parse(event, values, at=…, event_id=…, origin=…)    # raises Fault
```
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracking.faults import Code, Fault
from tracking.moments import LATEST
from tracking.values import READERS, SHOWN, key
from tracking.vocabulary import EVENTS, Attribute, Event

SHORT: Final = "short"
MAX_SHORT: Final = 280
"""Characters of a summary in style short: code points."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Say where a command comes from; None is not known."""

    session_id: str | None = None
    job_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    project_key: str | None = None
    agent_name: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """Hold what is to be done: an event, and its values by attribute.

    A value that is not told is not among them; None takes away what is there. `at` is the event time, Unix nanoseconds;
    `is_now` when the sender named none: then it is never stale. `event_id` is the idempotency key.
    `record` is the key of the raw record that told of it; without one a program did.
    """

    event: str
    values: Mapping[str, Any]
    at: int
    event_id: str
    origin: Origin = Origin()
    is_now: bool = False
    record: str | None = None

    @property
    def entity(self) -> str:
        """Write what it is about."""
        return EVENTS[self.event].about(self.values)


@dataclass(frozen=True, slots=True)
class Done:
    """Say what became of a command: applied, stale (older than what is there) or duplicate (done before).

    `row_id` names the row that it is about, `created` says that it was made by this command.
    """

    status: str
    row_id: int | str | None
    created: bool = False


APPLIED: Final = "applied"
STALE: Final = "stale"
DUPLICATE: Final = "duplicate"


def event_of(name: str) -> Event:
    """Find an event by its name without the prefix; raise Fault when the vocabulary has none."""
    event = EVENTS.get(name)
    if event is None:
        raise Fault(Code.UNKNOWN_EVENT, f"{name[:SHOWN]!r} is not in the vocabulary", event=name[:SHOWN])
    return event


def parse(  # noqa: PLR0913  one for each thing that a command is made of
    event: str,
    values: Mapping[str, Any],
    *,
    at: int,
    event_id: str,
    origin: Origin = Origin(),
    is_now: bool = False,
    record: str | None = None,
    names: Mapping[str, str] | None = None,
    spared: Collection[str] = (),
) -> Command:
    """Check raw values, by attribute, and make the command; what is no attribute of the event is passed over.

    None takes away an optional value. `names` are those under which the sender knows the attributes, for messages;
    `spared` are needed attributes that this way of writing does not need. Raise Fault.
    """
    known = event_of(event)
    name_of = names or {}
    try:
        told = {name: _read(known.attributes[name], value, name_of) for name, value in _told(known, values)}
        _whole_enough(known, {**dict.fromkeys(spared), **told}, name_of)
        _in_time(at)
        key(name_of.get("tracking.event_id", "tracking.event_id"), event_id)
    except Fault as fault:
        raise fault.of(event, known.about(values)) from None
    return Command(event, told, at, event_id, origin, is_now, record)


def _told(event: Event, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, values[name]) for name in event.attributes if name in values]


def _read(attribute: Attribute, value: Any, names: Mapping[str, str]) -> Any:
    name = names.get(attribute.name, attribute.name)
    if value is None or (attribute.needed and value == ""):
        if attribute.needed:
            raise Fault(Code.MISSING_FIELD, f"{name} is empty", attribute=name)
        return None
    return READERS[attribute.type](name, value)


def _whole_enough(event: Event, told: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Refuse a command without what it needs, and a summary that is too long."""
    for attribute in event.attributes.values():
        if attribute.needed and attribute.name not in told:
            raise _missing(names.get(attribute.name, attribute.name))
    if event.table == "plan_tasks" and event.name != "plan.task.add":
        _names_a_task(told, names)
    if event.table == "summaries":
        _is_summary(told, names)


def _in_time(at: int) -> None:
    if not 0 <= at <= LATEST:
        raise Fault(Code.BAD_TYPE, f"the event time is {at}; Unix nanoseconds are wanted", attribute="at")


def _names_a_task(told: Mapping[str, Any], names: Mapping[str, str]) -> None:
    if told.get("task.id") is not None:
        return
    if told.get("plan.key") is None:
        raise _missing(names.get("task.id", "task.id"), "; name the task by it, or by its plan and its key or title")
    if told.get("task.key") is None and told.get("task.title") is None:
        raise _missing(names.get("task.key", "task.key"), "; name the task by it or by its title")


def _is_summary(told: Mapping[str, Any], names: Mapping[str, str]) -> None:
    if told.get("summary.entity_id") is None and told.get("summary.entity_key") is None:
        name = names.get("summary.entity_id", "summary.entity_id")
        raise _missing(name, "; say what the summary is about by it or by its key")
    length = len(told["summary.text"])
    if told["summary.style"] == SHORT and length > MAX_SHORT:
        name = names.get("summary.text", "summary.text")
        raise Fault(Code.SUMMARY_TOO_LONG, f"{length} characters, limit {MAX_SHORT} for style {SHORT}", attribute=name)


def _missing(name: str, hint: str = "") -> Fault:
    return Fault(Code.MISSING_FIELD, f"{name} is missing{hint}", attribute=name)
