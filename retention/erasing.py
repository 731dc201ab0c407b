"""Erase a session, or all of a user: records, what was derived of them, words, archives, and the bytes in the files.

It takes the same way as the rules: rows are found by reading, and deleted by the writer in small pieces, with the books
about them. Where a rule keeps the sums of days, erasing takes what was erased out of them. What is erased is remembered
(`retention.remembered`): what comes late for it is erased by the next round, and what was interrupted is gone on with.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from core.errors import Invalid, Missing, Stopping, TryAgain
from retention import remembered
from retention.archived import Archived, File
from retention.holdings import Held, Subject, hashed, held_by, held_of, held_of_all
from retention.moments import iso
from retention.remembered import Unfinished
from retention.rounds import DAY
from retention.sweep import OF_SESSION, SESSIONS, ArchiveFailed, Sweep
from schema.derived import Step
from schema.signals import Signal
from store.forgetting import OldSide, Piece
from store.protocol import WriteSide

RAW: Final = {Signal.TRACES: "raw_spans", Signal.LOGS: "raw_logs", Signal.METRICS: "raw_points"}
OF_WORK: Final = (
    "erase_open_jobs",
    "erase_links",
    "erase_lines",
    "erase_notes",
    "erase_summaries",
    "erase_work",
    "erase_checkpoints",
    "erase_phases",
    "erase_told_agents",
    "unlink_plans",
    "unlink_tasks",
    "unlink_refactors",
    "unlink_debug_sessions",
    "unlink_experiments",
    "unlink_runs",
    "unlink_artifacts",
)
"""What goes of a session beside what the rules take, and what of the book of work no longer points to it."""
ROUNDS: Final = 4
"""How often it is looked again for what came or was derived meanwhile."""
WIPE_S: Final = 20.0
LOOK_S: Final = 0.2


class Around(Protocol):
    """Do what is not the database's, or not the writer's."""

    def let_go(self) -> None:
        """Return when nobody who derives holds anything in memory, or is about to write it."""
        ...

    def words(self) -> None:
        """Return when the index of texts holds no word of what is gone."""
        ...

    def archived(self, side: OldSide) -> Archived:
        """Give what looks through archived files."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """Say what was erased: rows by kind, files, how long it took, and what is left to do."""

    subject: str
    rows: Mapping[str, int]
    files: int
    seconds: float
    troubles: Sequence[str] = ()


@dataclass(slots=True)
class Erasing:
    """Erase with the means of a sweep."""

    sweep: Sweep
    around: Around
    clock: Callable[[], float] = time.monotonic
    rest: Callable[[float], object] = time.sleep
    rows: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def erase(self, subject: Subject, *, who: str, address: str) -> Erased:
        """Erase everything, for good; raise Missing when there is nothing, Invalid when something is pinned."""
        self.around.let_go()
        began, (held, _) = self.clock(), checked(self.sweep.side, subject, self.around)
        now = self.sweep.now
        audit = remembered.audited(subject, held.counts(), now, who=who, address=address)
        self._write_down([*audit, remembered.begun([subject, *held.subjects], now)])
        files = self._carry_out(held, [subject.hash], began)
        return Erased(subject.hash, self.rows, files, round(self.clock() - began, 3), self.troubles)

    def go_on(self) -> bool:
        """Finish what was interrupted, by a crash or by trouble; say whether there was something."""
        side, began = self.sweep.side, self.clock()
        unfinished = Unfinished.of(side)
        if not unfinished.asked:
            return False
        if not unfinished.subjects:  # bytes alone are left
            self._finish(unfinished.asked, began)
            return True
        self.around.let_go()
        held = held_of_all(side, unfinished.subjects)
        if held.pinned:
            self.troubles.append(f"{len(held.pinned)} sessions that were being erased were pinned, so they stay")
        else:
            self._carry_out(held, unfinished.asked, began)
        return True

    def erase_late(self) -> None:
        """Go on with what was interrupted, and erase what came late; once a day finish that in files."""
        side, now, went_on = self.sweep.side, self.sweep.now, self.go_on()
        known = remembered.known(side, now)
        if not known:
            return
        self.around.let_go()
        unseen, unfinished, began = remembered.unseen(side), Unfinished.of(side), self.clock()
        late = self._late(known, unseen, remembered.since(known, unfinished))
        if not (late.is_nothing or late.pinned):
            late = self._take_all(late)
            self._write_down([remembered.late(late.subjects, now)])
        self._write_down([remembered.seen(unseen)])
        hashes = [*unfinished.hashes, *(one.hash for one in late.subjects)]
        if hashes and not went_on and now >= remembered.written_anew(side) + DAY:
            self._archives(late)
            self._finish(hashes, began)

    def _late(self, known: Mapping[str, str], unseen: Mapping[str, int], since: str) -> Held:
        side = self.sweep.side
        sessions = [each for (each,) in side.rows("sessions_since", since=since)]
        traces = [each for (each,) in side.rows("traces_since", **unseen)]
        return held_by(
            side,
            [each for each in sessions if hashed("session", each) in known],
            traces=[each for each in traces if hashed("trace", each) in known],
        )

    def _carry_out(self, held: Held, asked: Sequence[str], began: float) -> int:
        """Take rows, then archived records, then bytes; give how many files were written anew."""
        held = self._take_all(held)
        files = self._archives(held)
        if not self.troubles:
            asked = list({*asked, *(one.hash for one in held.subjects)})
            self._write_down([remembered.nameless(asked)])
        if self.rows or files or not self.troubles:
            self._finish(asked, began)
        return files

    def _take_all(self, held: Held) -> Held:
        """Take what is held until nothing more of it comes; give all that it ever was."""
        side, others, subjects = self.sweep.side, set(held.others), dict.fromkeys(held.subjects)
        for _ in range(ROUNDS):
            self._take(held)
            self.around.let_go()  # what was read before it was deleted is written by now, and found
            if self.sweep.stopped():
                raise Stopping("the daemon stops; what is being erased is gone on with when it starts again")
            held = held_of_all(side, subjects)
            subjects |= dict.fromkeys(held.subjects)
            if held.is_nothing or held.pinned:
                break
        if not held.is_nothing:
            self.troubles.append("records go on coming for it; the next round of retention erases these")
        ids = {kind: sorted(one.id for one in subjects if one.kind == kind) for kind in ("user", "session", "trace")}
        return Held(ids["user"], ids["session"], ids["trace"], others)

    def _take(self, held: Held) -> None:
        """Delete raw rows first: what was derived of them says which they are, and its sessions go last of all."""
        self.sweep.pins = self.sweep.side.newest_pin()
        for signal, keys in held.rows.items():
            self._delete(RAW[signal], str(signal), keys)
        self._delete("erase_rejections", "rejections", held.rejections)
        for start in range(0, len(held.sessions), SESSIONS):
            self._take_sessions(held.sessions[start : start + SESSIONS])
        self._delete("erase_receipts", "", [*held.words, *held.traces])
        for word in held.words:
            self._delete("erase_audit", "", [[word, hashed("session", word)]])

    def _take_sessions(self, sessions: Sequence[str]) -> None:
        asked = orjson.dumps(sessions).decode()
        jobs = [job for (job,) in self.sweep.side.rows("jobs_of_sessions", sessions=asked)]
        for what in OF_WORK:
            self._delete(what, what.partition("_")[2], sessions)
        for what in OF_SESSION:
            if what == "session_jobs":
                self._delete("erase_jobs", "jobs", jobs)
            elif what == "sessions":
                self._delete(what, "sessions", sessions)
            else:
                while gone := self._piece(what, sessions):
                    self._count(what.removeprefix("session_"), gone)

    def _delete(self, what: str, kind: str, keys: Sequence[Any]) -> None:
        start = 0
        while start < len(keys) and not self.sweep.stopped():
            part = keys[start : start + self.sweep.pace.rows]
            self._count(kind, self._piece(what, part))
            start += len(part)

    def _piece(self, what: str, keys: Sequence[Any]) -> int:
        return self.sweep.do(Piece(what, keys, self.sweep.pins, leaves_sums=False)).rows

    def _count(self, kind: str, rows: int) -> None:
        if kind and rows:
            self.rows[kind] = self.rows.get(kind, 0) + rows

    def _archives(self, held: Held) -> int:
        files = 0
        try:
            for step in self.around.archived(self.sweep.side).rewrite(held):
                self._write_down([step])
                files += 1
        except ArchiveFailed as error:
            self.troubles.append(str(error))
        return files

    def _finish(self, hashes: Sequence[str], began: float) -> None:
        """Take the bytes out of the files, and write down what was done."""
        now = self.sweep.now
        self.sweep.tidy()
        self.around.words()
        self._wipe()
        done = [] if self.troubles else remembered.finished(hashes, now)
        self._write_down([*done, *remembered.forgetting(now), *self._lines(began)])

    def _wipe(self) -> None:
        """Write the file anew and cut the log to nothing, so that no byte of what was deleted is in them."""
        try:
            self.sweep.hand(_written_anew)
        except TryAgain as trouble:
            self.troubles.append(
                f"bytes of it may be left in the database file: {trouble}; it is tried again within a day"
            )
            return
        until = self.clock() + WIPE_S
        while not self.sweep.hand(_wiped):
            if self.clock() > until:
                self.troubles.append("the log could not be cut while it is read; what it holds goes when that ends")
                return
            self.rest(LOOK_S)

    def _write_down(self, steps: Sequence[Step]) -> None:
        if steps:
            self.sweep.do(Piece(steps=steps))

    def _lines(self, began: float) -> list[Step]:
        told = {"started_at": iso(self.sweep.now), "rule": "erase", "bytes_freed": 0, "oldest_left": None}
        took = {"duration_ms": int((self.clock() - began) * 1000), "left_behind": 0}
        trouble = "; ".join(self.troubles) or None
        kinds = [(what, self.rows[str(signal)]) for signal, what in RAW.items() if self.rows.get(str(signal))]
        kinds += [("sessions", self.rows["sessions"])] if self.rows.get("sessions") else []
        return [
            Step("add_sweep", {**told, **took, "what": what, "rows": rows, "trouble": trouble}) for what, rows in kinds
        ]


def to_erase(side: OldSide, subject: Subject, around: Around) -> dict[str, Any]:
    """Say what erasing takes: rows by kind, archived files with how many records of each; and what it cannot take."""
    held, files = checked(side, subject, around)
    told = [{"file": one.file, "rows": one.held} for one in files]
    return {"kind": subject.kind, "sessions": held.sessions, "rows": held.counts(), "files": told}


def checked(side: OldSide, subject: Subject, around: Around) -> tuple[Held, list[File]]:
    """Find what would be erased, or raise Missing, or Invalid when something of it is pinned."""
    held = held_of(side, subject)
    if held.pinned:
        raise Invalid(
            f"{len(held.pinned)} of its sessions are pinned, {held.pinned[0]} for one;"
            " `spanledger retention pins` lists pins, `spanledger retention unpin` lets go of them"
        )
    files = around.archived(side).find(held)
    if held.is_nothing and not files:
        raise Missing(_why_nothing(side, subject))
    return held, files


def _why_nothing(side: OldSide, subject: Subject) -> str:
    if subject.hash in Unfinished.of(side).hashes:
        return (
            f"the {subject.kind} {subject.id} is being erased: rows are gone, bytes or archived records may be left;"
            " `spanledger retention run` goes on with it"
        )
    return f"nothing is held of the {subject.kind} {subject.id}, neither in the database nor in archives"


def _written_anew(side: WriteSide) -> None:
    side.write_anew()


def _wiped(side: WriteSide) -> bool:
    return side.wipe()
