"""Hold a storage backend to what it promises of commands about the book of work."""

from typing import Any

import pytest

from core.errors import TryAgain
from tests.contracts.store_contract import Backend
from tracking.commands import APPLIED, DUPLICATE, STALE, Command, Done, Origin, parse
from tracking.faults import Code, Fault

SECOND = 1_000_000_000
NOON = 1_769_860_800 * SECOND
"""2026-01-31T12:00:00Z."""


def command(event: str, event_id: str, *, at: int = 0, **values: Any) -> Command:
    """Make a command, so many seconds after noon."""
    told = {name.replace("__", "."): value for name, value in values.items()}
    return parse(event, told, at=NOON + at * SECOND, event_id=event_id, origin=Origin(session_id="s"))


def plan(key: str, event_id: str, **values: Any) -> Command:
    """Tell of a plan."""
    return command("plan.upsert", event_id, plan__key=key, plan__title=key, **values)


def track(store: Backend, *commands: Command) -> list[Done | Fault]:
    """Carry out commands."""
    return store.write.track(commands)


class TrackingContract:
    """Test what a backend promises of commands."""

    def test_one_that_is_refused_costs_only_itself(self, store: Backend) -> None:
        """Of several commands each is answered in its place, and a refused one leaves nothing, no event either."""
        missing = command("plan.status", "2", plan__key="nope", plan__status="paused", project__key="p")
        answers = track(store, plan("a", "1"), missing, plan("b", "3"))

        assert [Done(APPLIED, 1, created=True), Done(APPLIED, 2, created=True)] == [answers[0], answers[2]]
        fault = answers[1]
        assert isinstance(fault, Fault)
        assert (Code.NOT_FOUND, "nope", "plan.key") == (fault.code, fault.key, fault.attribute)
        assert "NOT_FOUND plan.status nope: there is no plan 'nope'" == fault.line()
        reader = store.reader()
        assert ["a", "b"] == [row["key"] for row in reader.report("plan_status")]
        assert [("plan.upsert",)] * 2 == list(reader.query("select event_type from events"))[1:]

    def test_the_oldest_is_done_first(self, store: Backend) -> None:
        """Commands are done in order of event time, whatever the order in which they are given."""
        told = [
            command("plan.status", "3", at=3, plan__key="a", plan__status="completed"),
            command("plan.status", "2", at=2, plan__key="a", plan__status="in_progress"),
            plan("a", "1", at=1),
        ]
        answers = track(store, *told)

        assert [Done(APPLIED, 1), Done(APPLIED, 1), Done(APPLIED, 1, created=True)] == answers
        (found,) = store.reader().report("plan", key="a")
        assert ("completed", "2026-01-31T12:00:02+00:00") == (found["status"], found["started_at"])
        assert "2026-01-31T12:00:03+00:00" == found["updated_at"]

    def test_late_ones_are_stale(self, store: Backend) -> None:
        """What is older than what is there changes nothing; of the same time the later one is taken."""
        track(store, plan("a", "1"), command("plan.status", "2", at=5, plan__key="a", plan__status="paused"))
        late = command("plan.status", "3", at=4, plan__key="a", plan__status="completed")
        same = command("plan.status", "4", at=5, plan__key="a", plan__status="cancelled")

        assert [Done(STALE, 1), Done(APPLIED, 1)] == [*track(store, late), *track(store, same)]
        assert "cancelled" == store.reader().report("plan", key="a")[0]["status"]

    def test_what_was_done_is_not_done_again(self, store: Backend) -> None:
        """The same idempotency key changes nothing and is told the same row, also after opening the store anew."""
        note = command("plan.task.add", "1", plan__key="a", task__title="t")
        assert isinstance(track(store, note)[0], Fault)
        assert Done(APPLIED, 1, created=True) == track(store, plan("a", "1"), note)[1]
        store.reopen()

        assert [Done(DUPLICATE, 1)] * 2 == track(store, note, note)
        assert 1 == len(store.reader().report("tasks", plan="a", limit=9))

    def test_the_same_key_of_another_event(self, store: Backend) -> None:
        """An idempotency key is about one kind of event."""
        answers = track(store, plan("a", "x"), command("plan.task.add", "x", plan__key="a", task__title="t"))

        assert [APPLIED, APPLIED] == [answer.status for answer in answers if isinstance(answer, Done)]

    def test_nothing_is_done_in_trouble(self, store: Backend) -> None:
        """When the trouble is the store's, none of the commands is done, and all may come again."""
        with store.trouble(), pytest.raises(TryAgain):
            track(store, plan("a", "1"), plan("b", "2"))
        assert [] == store.reader().report("plan_status")

        assert [APPLIED] * 2 == [
            answer.status for answer in track(store, plan("a", "1"), plan("b", "2")) if isinstance(answer, Done)
        ]
