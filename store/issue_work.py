"""Carry out commands about what a session works on: issues and skills (mapping.md F.3, seed 003)."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from store.desk import Desk, Handler, Row
from store.entities import found
from tracking.commands import APPLIED, DUPLICATE, STALE, Done
from tracking.faults import Code, Fault
from tracking.moments import micros

SESSION: Final = "agent.session.id"


def _start_work(desk: Desk) -> Done:
    session = _needed_session(desk)
    agent, issues, skills = found(desk.find("find_session", session=session), "session", session, SESSION)
    issue = desk.value("issue.id")
    work = desk.value("issue.work.id") or _made(session, issue, micros(desk.command.at))
    if desk.find("find_work", work_id=work) is not None:
        return Done(DUPLICATE, work)
    desk.change("add_work", work=work, session=session, worker=_worker(desk, agent))
    _claim(desk, session, (issues, [issue]), (skills, []))
    return Done(APPLIED, work, created=True)


def _note_status(desk: Desk) -> Done:
    work, _, changes = _work(desk)
    told = {"from": desk.value("issue.status.from"), "to": desk.value("issue.status.to"), "at": micros(desk.command.at)}
    listed = [*orjson.loads(changes or "[]"), told]
    listed.sort(key=lambda change: str(change["at"]))
    desk.change("set_work_changes", id=work, changes=_json(listed))
    return Done(APPLIED, work)


def _complete_work(desk: Desk) -> Done:
    work, ended_ns, _ = _work(desk)
    if desk.is_stale(ended_ns):
        return Done(STALE, work)
    desk.change("end_work", id=work, done=int(desk.value("issue.completed") is not False))
    return Done(APPLIED, work)


def _load_skill(desk: Desk) -> Done:
    session = _needed_session(desk)
    _, issues, skills = _session(desk, session)
    desk.change("add_skill", session=session, for_issue=desk.value("issue.id") or _only_issue(desk, session))
    _claim(desk, session, (issues, []), (skills, [desk.value("skill.name")]))
    return Done(APPLIED, desk.command.event_id, created=True)


def _change_session(desk: Desk) -> Done:
    session = desk.value(SESSION)
    _, issues, skills = _session(desk, session)
    _claim(desk, session, (issues, desk.value("issue.ids") or []), (skills, desk.value("skill.names") or []))
    desk.change("change_session", session=session)
    return Done(APPLIED, session)


def _end_session(desk: Desk) -> Done:
    """End a session that a program started; what ends others is derived from the same record."""
    session = desk.value(SESSION)
    found(desk.find("find_session", session=session), "session", session, SESSION)
    desk.change("end_session_by_hand", session=session)
    return Done(APPLIED, session)


def _needed_session(desk: Desk) -> str:
    session = desk.value(SESSION) or desk.command.origin.session_id
    if session is None:
        raise Fault(Code.MISSING_FIELD, f"{SESSION} is missing, and nothing else says the session", attribute=SESSION)
    return str(session)


def _session(desk: Desk, session: str) -> Row:
    """Find a session, or make it: something is told of it, so it is there."""
    row = desk.find("find_session", session=session)
    if row is None:
        desk.change("see_session", session=session)
        return "", None, None
    return row


def _worker(desk: Desk, agent: str) -> str:
    return desk.value("agent.name") or desk.command.origin.agent_name or agent


def _work(desk: Desk) -> Row:
    """Find work by its id, or the session's newest open work on the issue, or the only open work on it."""
    number, issue = desk.value("issue.work.id"), desk.value("issue.id")
    if number is not None:
        return found(desk.find("find_work"), "work", number, "issue.work.id")
    session = desk.value(SESSION) or desk.command.origin.session_id
    if session is not None:
        row = desk.find("find_session_work", session=session)
        return found(row, f"open work in session {session!r} on issue", issue, "issue.id")
    rows = desk.find_all("find_open_work")
    if len(rows) > 1:
        text = f"several sessions work on issue {issue!r}; name the work by its id, or the session"
        raise Fault(Code.AMBIGUOUS, text, attribute="issue.work.id", key=issue)
    return found(rows[0] if rows else None, "open work on issue", issue, "issue.id")


def _only_issue(desk: Desk, session: str) -> str | None:
    rows = desk.find_all("find_worked_issues", session=session)
    return str(rows[0][0]) if len(rows) == 1 else None


Lists = tuple[str | None, list[str]]
"""A list as it is kept, JSON text, and what is to be in it as well."""


def _claim(desk: Desk, session: str, issues: Lists, skills: Lists) -> None:
    """Add issues and skills to the lists of a session, each once, in the order of the first time."""
    desk.change("set_session_lists", session=session, issues_claimed=_merged(*issues), skills_used=_merged(*skills))


def _merged(kept: str | None, more: Iterable[str]) -> str | None:
    if kept is None and not more:
        return None
    return _json(list(dict.fromkeys([*orjson.loads(kept or "[]"), *more])))


def _made(session: str, issue: str, started_at: str) -> str:
    """Make the id of work from what it is, so that the same told twice is one."""
    return hashlib.sha1(f"{session}\0{issue}\0{started_at}".encode(), usedforsecurity=False).hexdigest()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


HANDLERS: Final[Mapping[str, Handler]] = {
    "issue.work.start": _start_work,
    "issue.work.status": _note_status,
    "issue.work.complete": _complete_work,
    "skill.load": _load_skill,
    "agent.session.update": _change_session,
    "agent.session.end": _end_session,
}
