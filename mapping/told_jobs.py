"""Read what the tracking vocabulary tells of jobs: where they begin and end, and what came of them (mapping.md C.3)."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from mapping.facts import Fact
from mapping.moments import NEVER
from mapping.sayings import Saying

START: Final = "agent.job.start"
END: Final = "agent.job.end"
ID: Final = "agent.job.id"
MODIFIED: Final = "file.modified"


class ToldJobs:
    """Hold the jobs of a group that events tell of, by id."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        """Read the events."""
        self.ends: dict[str, int] = {}
        self._starts: dict[str, tuple[str | None, int]] = {}
        for fact in facts:
            for saying in fact.sayings:
                if saying.event == START and not fact.is_span:
                    self._starts.setdefault(saying.values[ID], (fact.session_id, saying.at))
                elif saying.event == END and not fact.is_span:
                    job = saying.values[ID]
                    self.ends[job] = max(saying.at, self.ends.get(job, 0))
        self._open: dict[str | None, list[tuple[int, int]]] = defaultdict(list)
        for job, (session, start) in self._starts.items():
            self._open[session].append((start, self.ends.get(job, NEVER)))

    def around(self, session: str | None, moment: int) -> bool:
        """Say whether a job of the session was open at a moment."""
        return any(start <= moment <= end for start, end in self._open.get(session, ()))


def told_of(facts: Iterable[Fact], job: str) -> dict[str, Any]:
    """Give what is told of a job, the latest word of each attribute; files are those of all records in it."""
    own = [saying for fact in facts for saying in fact.sayings if saying.values.get(ID) == job]
    told: dict[str, Any] = {}
    for saying in sorted(own, key=_order):
        if saying.event in (START, END):
            told.update(saying.values)
    return told


def files_of(facts: Iterable[Fact]) -> set[str]:
    """Give the files that records say were modified."""
    return {
        path
        for fact in facts
        for saying in fact.sayings
        for path in saying.values.get("file.path" if saying.event == MODIFIED else "agent.job.files_modified") or ()
    }


def _order(saying: Saying) -> tuple[int, str]:
    return saying.at, saying.key
