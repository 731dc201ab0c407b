"""Read a session's state: every fact that is understood, wherever it stands; the rest is kept."""

from collections.abc import Mapping, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import PurePath
from typing import Any, Final

from mirror import fields
from mirror.checkpoints import read_checkpoints
from mirror.fields import first
from mirror.history import read_lines
from mirror.json_text import Unreadable, read_object, written
from mirror.phases import read_phases
from mirror.session import Held, Session
from mirror.values import Object, identifier, moment, named, plain_name, text, word
from mirror.workers import read_agents, read_links

MOST_REST: Final = 256 << 10
"""Characters of JSON text that are kept of what was not understood."""
LEFT_OUT: Final = "left_out"
MOST_KEYS: Final = 2_000
MOST_NAMED: Final = 100
TELLING: Final = frozenset(
    (
        *fields.PHASE,
        *fields.STATUS,
        *fields.CHECKPOINTS,
        *fields.CHECKPOINTS_DONE,
        *fields.PHASES,
        *fields.AGENTS,
        *fields.PROGRESS,
        "session_id",
        "session",
    )
)
"""An object without any of these is somebody else's `state.json`."""
LISTS: Final = frozenset((*fields.CHECKPOINTS, *fields.PHASES, *fields.AGENTS, *fields.LINES, *fields.TOLD_APART))


class NotASession(Unreadable):
    """Say that a `state.json` is about something else."""


def read_session(held: Held) -> Session:
    """Read a session; raise Unreadable when its state is not JSON, NotASession when it is about something else."""
    state = read_object(held.state)
    top = named(state)
    if not TELLING & top.keys():
        raise NotASession("tells of no session: it has neither a phase, a status, checkpoints nor agents")
    sources = [top, *(named(top[name]) for name in fields.INSIDE if isinstance(top.get(name), Mapping))]
    session = _session(held, sources, _plan(held))
    session.rest.update(_rest(state, session))
    return session


def _session(held: Held, sources: Sequence[Object], plan: Object) -> Session:
    def said(names: tuple[str, ...], read: Any = text) -> Any:
        return next((told for source in sources if (told := first(source, names, read)) is not None), None)

    session_id = said(fields.SESSION_ID, identifier) or PurePath(held.path).name
    phase = said(fields.PHASE, _name)
    phases = read_phases(sources, phase)
    told: list[Object] = [
        *sources,
        *(named(source.get(name)) for source in sources for name in fields.PROGRESS),
        *_built(sources),
    ]
    checkpoints, current = read_checkpoints(told, plan)
    agents = read_agents(told, session_id)
    git: list[Object] = [named(source.get("git")) for source in sources]
    headings = [document.title for document in held.documents if document.title]
    return Session(
        session_id=session_id,
        project=said(fields.PROJECT, _project),
        title=said(fields.TITLE) or next(iter(headings), None),
        description=said(fields.DESCRIPTION),
        phase=phase or next((one.phase for one in reversed(phases) if one.status == "in_progress"), None),
        status=said(fields.STATUS, word),
        session_type=said(fields.KIND, word),
        current_checkpoint=current,
        started_at=said(fields.CREATED, moment),
        updated_at=said(fields.UPDATED, moment),
        ended_at=said(fields.ENDED, moment),
        previous_session_id=said(fields.PREVIOUS, identifier),
        parent_session_id=said(fields.PARENT, identifier),
        git_branch=said(fields.BRANCH)
        or next((name for one in git if (name := first(one, fields.BRANCH, text))), None),
        checkpoints=checkpoints,
        phases=phases,
        agents=agents,
        lines=read_lines(sources),
        links=read_links(sources, session_id, agents),
    )


def _built(sources: Sequence[Object]) -> list[Object]:
    """Give what stands in the phases themselves, where checkpoints may be as well."""
    phases = [source["phases"] for source in sources if isinstance(source.get("phases"), Mapping)]
    return [named(one) for by_name in phases for one in by_name.values()]


def _name(value: object) -> str | None:
    return first(named(value), fields.PHASE_NAME, word) if isinstance(value, Mapping) else word(value)


def _project(value: object) -> str | None:
    return first(named(value), ("key", "id", "name"), identifier) if isinstance(value, Mapping) else identifier(value)


def _plan(held: Held) -> Object:
    """Read the plan, which is of use but not needed."""
    try:
        return {} if held.plan is None else named(read_object(held.plan))
    except Unreadable:
        return {}


def _rest(state: Mapping[str, Any], session: Session) -> dict[str, Any]:
    """Give what no column and no row tells, the largest values left out when it is too much."""
    columns = {getattr(session, name) for name in SCALARS}
    known = islice(state.items(), MOST_KEYS)
    found = {key: value for key, value in known if not _is_told(key, value, columns)}
    left, left_out = MOST_REST, []
    for key, size in sorted(((key, len(key) + len(written(value))) for key, value in found.items()), key=itemgetter(1)):
        left -= size
        if left < 0:
            left_out.append(key)
            del found[key]
    return {**found, LEFT_OUT: left_out[:MOST_NAMED]} if left_out else found


def _is_told(key: str, value: object, columns: set[Any]) -> bool:
    if isinstance(value, list | Mapping):
        return plain_name(key) in LISTS
    return value is None or any(read(value) in columns for read in (text, word, moment) if read(value) is not None)


SCALARS: Final = (
    "session_id",
    "project",
    "title",
    "description",
    "phase",
    "status",
    "session_type",
    "current_checkpoint",
    "started_at",
    "updated_at",
    "ended_at",
    "previous_session_id",
    "parent_session_id",
    "git_branch",
)
