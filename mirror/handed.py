"""Take rows that another process has read from session directories: `spanledger sync`, where nothing is watched.

The process that reads needs no leave of the daemon for that, and the daemon reads nothing for it.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from core.errors import Invalid
from schema.derived import (
    AGENT_LOG_ENTRIES,
    AGENTS,
    MIRROR_TROUBLES,
    MIRRORED,
    SESSION_AGENTS,
    SESSION_CHECKPOINTS,
    SESSION_PHASES,
    SESSIONS,
    Changes,
    Row,
    Step,
)

TABLES: Final = {
    table.name: table
    for table in (
        SESSIONS,
        SESSION_CHECKPOINTS,
        SESSION_PHASES,
        SESSION_AGENTS,
        AGENTS,
        AGENT_LOG_ENTRIES,
        MIRROR_TROUBLES,
    )
}
COUNTED: Final = {"session_id", "count"}
KEPT: Final = {"session_id", "kept"}
STEPS: Final[Mapping[str, Collection[str]]] = {
    "see_project": {"key", "name", "path", "now"},
    "miss_session": {"path", "now"},
    "miss_others": {"session_id", "path", "now"},
    "forget_checkpoints": COUNTED,
    "forget_phases": COUNTED,
    "forget_session_agents": COUNTED,
    "forget_mirrored_agents": KEPT,
    "link_session": {"session_id", "agent_session_id"},
    "forget_links": KEPT,
    "forget_lines": {"key", "until"},
}
"""The steps of mirrored rows, and the values that each binds."""


def hand_over(changes: Changes) -> dict[str, Any]:
    """Write changes as JSON."""
    steps = [{"name": step.name, "values": dict(step.values)} for step in changes.steps]
    return {"put": changes.put, "gone": changes.gone, "steps": steps}


def taken_over(told: Mapping[str, Any]) -> Changes:
    """Read changes, or raise Invalid: nothing but mirrored rows is taken."""
    put = {name: [_row(name, row) for row in rows] for name, rows in _objects(told, "put").items()}
    gone = {name: [_key(name, key) for key in keys] for name, keys in _objects(told, "gone").items()}
    return Changes(put=put, gone=gone, steps=[_step(one) for one in _list(told.get("steps"), "steps")])


def _objects(told: Mapping[str, Any], name: str) -> dict[str, list[Any]]:
    tables = told.get(name) or {}
    if not isinstance(tables, Mapping):
        raise Invalid(f"{name} is no object; rows by table are wanted")
    for table in tables:
        if table not in TABLES:
            raise Invalid(f"{name}: {str(table)[:60]!r} holds nothing that is mirrored")
    return {table: _list(rows, f"{name}.{table}") for table, rows in tables.items()}


def _list(value: object, place: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise Invalid(f"{place} is no list")
    return value or []


def _row(name: str, row: object) -> Row:
    table = TABLES[name]
    values = _values(row, len(table.columns), f"put.{name}")
    if "emitter" in table.columns and values[table.columns.index("emitter")] != MIRRORED:
        raise Invalid(f"put.{name}: the emitter of mirrored rows is {MIRRORED!r}")
    return values


def _key(name: str, key: object) -> Row:
    if name != MIRROR_TROUBLES.name:
        raise Invalid(f"gone.{name}: only troubles are removed")
    return _values(key, len(TABLES[name].key), f"gone.{name}")


def _values(row: object, length: int, place: str) -> Row:
    if not isinstance(row, list) or len(row) != length or not all(map(_is_scalar, row)):
        raise Invalid(f"{place}: a list of {length} values is wanted")
    return tuple(row)


def _step(one: object) -> Step:
    told: Mapping[str, Any] = one if isinstance(one, Mapping) else {}
    name, values = told.get("name"), told.get("values")
    wanted = STEPS.get(name) if isinstance(name, str) else None
    if name is None or wanted is None or not isinstance(values, Mapping) or values.keys() != wanted:
        raise Invalid(f"steps: {str(name)[:60]!r} is no step of mirrored rows with the values that it needs")
    if not all(map(_is_scalar, values.values())):
        raise Invalid(f"steps: {name} takes texts and numbers")
    return Step(name, dict(values))


def _is_scalar(value: object) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))
