"""Read a session's checkpoints: a list or an object of them, in the state or the plan, or only how many are done."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mirror import fields
from mirror.fields import first
from mirror.session import Checkpoint
from mirror.values import Object, entries, identifier, moment, named, text, whole, word

MOST: Final = 1_000
DONE: Final = frozenset(("completed", "complete", "done", "finished", "passed", "success", "finalized", "closed"))
COMPLETED: Final = "completed"
IN_PROGRESS: Final = "in_progress"
PENDING: Final = "pending"


def read_checkpoints(sources: Sequence[Object], plan: Object) -> tuple[list[Checkpoint], str | None]:
    """Give checkpoints in order, and which one is worked on; of the plan only their names count, its states are old."""
    found: dict[str, Checkpoint] = {one.checkpoint_id: one for one in _told(plan)}
    for one in found.values():
        one.status = one.data = None
    for source in sources:
        for one in _told(source):
            _merge(found.setdefault(one.checkpoint_id, one), one)
    current = next((told for source in sources if (told := _current(source)) is not None), None)
    for source in sources:
        _add_counted(found, source)
    _say_states(found, sources, current)
    return list(found.values())[:MOST], current


def is_done(checkpoint: Checkpoint) -> bool:
    """Say whether a checkpoint is over, and well."""
    return checkpoint.status in DONE


def _told(source: Object) -> Iterator[Checkpoint]:
    for name in fields.CHECKPOINTS:
        for at, (key, value) in enumerate(entries(source.get(name), most=MOST), 1):
            yield _checkpoint(key, value, at)


def _checkpoint(key: str | None, value: Any, at: int) -> Checkpoint:
    if not isinstance(value, Mapping):
        own_name = identifier(key) or str(at)
        return Checkpoint(
            own_name, title=text(value) if key is None else None, status=None if key is None else word(value)
        )
    told = named(value)
    ended = first(told, fields.ENDED, moment)
    done = ended is not None or told.get("completed") is True or told.get("done") is True
    return Checkpoint(
        first(told, fields.CHECKPOINT_ID, identifier) or identifier(key) or str(at),
        first(told, fields.ENTRY_TITLE, text),
        first(told, ("status", "state"), word) or (COMPLETED if done else None),
        first(told, ("phase", "stage"), word),
        first(told, fields.STARTED, moment),
        ended,
        value,
    )


def _merge(held: Checkpoint, later: Checkpoint) -> None:
    for name in ("title", "status", "phase", "started_at", "completed_at", "data"):
        if getattr(later, name) is not None:
            setattr(held, name, getattr(later, name))


def _current(source: Object) -> str | None:
    return first(source, fields.CHECKPOINT_NOW, _which)


def _which(value: object) -> str | None:
    return first(named(value), fields.CHECKPOINT_ID, identifier) if isinstance(value, Mapping) else identifier(value)


def _add_counted(found: dict[str, Checkpoint], source: Object) -> None:
    """Add checkpoints of which only the number is known."""
    total = first(source, fields.CHECKPOINTS_TOTAL, whole) or 0
    done = first(source, fields.CHECKPOINTS_DONE, whole) or 0
    for number in range(1, min(max(total, done), MOST) + 1):
        if len(found) < max(total, done):
            found.setdefault(str(number), Checkpoint(str(number)))


def _say_states(found: dict[str, Checkpoint], sources: Sequence[Object], current: str | None) -> None:
    done = [which for source in sources for which in _done(source)]
    for which in done:
        found.setdefault(which, Checkpoint(which)).status = COMPLETED
    count = max((first(source, fields.CHECKPOINTS_DONE, whole) or 0 for source in sources), default=0)
    for one in list(found.values())[:count]:
        one.status = one.status or COMPLETED
    if current in found and not is_done(found[current]):
        found[current].status = found[current].status or IN_PROGRESS
    for one in found.values():
        one.status = one.status or PENDING


def _done(source: Object) -> list[str]:
    items = [inner for name in fields.CHECKPOINTS_DONE for _, inner in entries(source.get(name), most=MOST)]
    return [which for item in items if (which := _which(item)) is not None]
