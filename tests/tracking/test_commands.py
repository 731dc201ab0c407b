"""Mirror `tracking.commands`, `tracking.vocabulary`, `tracking.faults` and `tracking.moments`."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import vocabulary
from tracking.commands import MAX_SHORT, Command, parse
from tracking.faults import Code, Fault
from tracking.moments import LATEST, micros, seconds
from tracking.vocabulary import EVENTS, named

RUN = {
    "experiment.key": "2025-1106_exp_learning-rate",
    "experiment.run.no": 3,
    "experiment.run.params": {},
    "experiment.run.outcome": "pass",
}
SUMMARY = {"summary.entity_type": "plan", "summary.entity_key": "2025-1106_feat_vector-cache", "summary.style": "short"}


def made(event: str, values: dict[str, Any], **more: Any) -> Command:
    """Make a command."""
    return parse(event, values, **{"at": 1, "event_id": "e", **more})


def fault(event: str, values: dict[str, Any], **more: Any) -> Fault:
    """Say what is wrong with a command."""
    with pytest.raises(Fault) as refused:
        made(event, values, **more)
    return refused.value


def test_the_lines_of_the_specification() -> None:
    """Violations are written as mapping.md F.5 has them."""
    assert (
        "UNKNOWN_OUTCOME experiment.run 2025-1106_exp_learning-rate#3: 'passed' is not one of pass, fail, inconclusive"
        == fault("experiment.run", {**RUN, "experiment.run.outcome": "passed"}).line()
    )
    assert (
        "SUMMARY_TOO_LONG summary.save plan:2025-1106_feat_vector-cache: 312 characters, limit 280 for style short"
        == fault("summary.save", {**SUMMARY, "summary.text": "x" * 312}).line()
    )


def test_short_summaries_are_counted_in_code_points() -> None:
    """280 code points are short, however many bytes they have."""
    assert (
        "🎉" * MAX_SHORT == made("summary.save", {**SUMMARY, "summary.text": "🎉" * MAX_SHORT}).values["summary.text"]
    )
    assert Code.SUMMARY_TOO_LONG is fault("summary.save", {**SUMMARY, "summary.text": "e\u0301" * 141}).code


@pytest.mark.parametrize(
    "event", [event for event in EVENTS.values() if any(a.needed for a in event.attributes.values())]
)
def test_what_is_needed(event: vocabulary.Event) -> None:
    """Each needed attribute must be there and not be empty."""
    for attribute in event.attributes.values():
        if attribute.needed:
            others = {a.name: RUN.get(a.name, "x") for a in event.attributes.values() if a.name != attribute.name}
            values = {name: value for name, value in others.items() if EVENTS[event.name].attributes[name].needed}
            values |= dict.fromkeys(SET & values.keys(), "completed") | dict.fromkeys(IDS & others.keys(), 1)
            for wrong in ({}, {attribute.name: None}, {attribute.name: ""}):
                found = fault(event.name, {**values, **wrong})
                assert (Code.MISSING_FIELD, attribute.name) == (found.code, found.attribute)


SET = frozenset({"plan.status", "task.status", "refactor.status", "debug.session.status", "experiment.status"}) | {
    "agent.job.status"
}
IDS = frozenset({"summary.entity_id", "task.id"})


@pytest.mark.parametrize(
    ("values", "attribute"),
    [({}, "task.id"), ({"task.key": "k"}, "task.id"), ({"plan.key": "p"}, "task.key")],
)
def test_a_task_must_be_named(values: dict[str, Any], attribute: str) -> None:
    """A task is named by its id, or by its plan and its key or title."""
    found = fault("plan.task.done", values)

    assert (Code.MISSING_FIELD, attribute) == (found.code, found.attribute)
    assert made("plan.task.done", {"task.id": "7"}).values == {"task.id": 7}
    assert made("plan.task.done", {"plan.key": "p", "task.title": "t"}).entity == "p/t"


def test_a_summary_must_be_about_something() -> None:
    """A summary names what it is about by id or key."""
    values = {"summary.entity_type": "plan", "summary.style": "delta", "summary.text": "t"}

    assert (Code.MISSING_FIELD, "summary.entity_id") == (
        fault("summary.save", values).code,
        fault("summary.save", values).attribute,
    )
    assert 7 == made("summary.save", {**values, "summary.entity_id": "7"}).values["summary.entity_id"]


def test_what_is_told_and_what_is_not() -> None:
    """What is absent is not among the values, null is: it empties; strangers are passed over."""
    values = {"plan.key": "p", "plan.title": "t", "gen_ai.system": "x"}

    assert {"plan.key": "p", "plan.title": "t"} == made("plan.upsert", values).values
    assert None is made("plan.upsert", {**values, "plan.owner": None}).values["plan.owner"]
    assert {"plan.key": "42", "plan.title": "t"} == made("plan.upsert", {"plan.key": 42, "plan.title": "t"}).values


def test_other_names_and_needs() -> None:
    """A sender is told of the names that it used; what its way says already is not needed."""
    found = fault("plan.upsert", {"plan.key": "p"}, names={"plan.title": "title"})
    assert ("title", "title is missing", "plan.upsert", "p") == (found.attribute, str(found), found.event, found.entity)
    assert made("issue.work.complete", {"issue.work.id": "w"}, spared=["issue.id"]).values == {"issue.work.id": "w"}


@pytest.mark.parametrize("at", [-1, LATEST + 1])
def test_times_that_no_row_can_hold(at: int) -> None:
    """An event time is one that a row can hold."""
    assert Code.BAD_TYPE is fault("plan.upsert", {"plan.key": "p", "plan.title": "t"}, at=at).code
    assert LATEST == made("plan.upsert", {"plan.key": "p", "plan.title": "t"}, at=LATEST).at


@pytest.mark.parametrize(("event_id", "code"), [("", Code.MISSING_FIELD), ("x" * 1025, Code.TOO_LARGE)])
def test_idempotency_keys(event_id: str, code: Code) -> None:
    """An idempotency key is neither empty nor very long."""
    assert code is fault("plan.upsert", {"plan.key": "p", "plan.title": "t"}, event_id=event_id).code


def test_events_that_there_are_not() -> None:
    """A name that the vocabulary does not have is refused with it; the prefix may stand before any name."""
    assert "UNKNOWN_EVENT plan.delete: 'plan.delete' is not in the vocabulary" == fault("plan.delete", {}).line()
    assert "plan.upsert" == named("tracking.plan.upsert") == named("plan.upsert")
    assert "tracking.plan.upsert" == named("tracking.tracking.plan.upsert")


@given(st.integers(0, LATEST))
def test_moments(at: int) -> None:
    """A time is written twice: in whole seconds as seed 000 does, and with six decimals as everything else."""
    whole, exact = seconds(at), micros(at)

    assert whole.endswith("+00:00")
    assert exact.endswith("Z")
    assert whole[:19] == exact[:19]
    assert int(exact[20:26]) == at % 1_000_000_000 // 1000


def test_the_vocabulary_is_whole() -> None:
    """There are thirty events; each says what it does, and what it is about is among its attributes."""
    text = (Path(vocabulary.__file__).parent / "vocabulary.json").read_text()

    assert 30 == len(EVENTS) == len(json.loads(text))
    for event in EVENTS.values():
        assert event.does.endswith(".")
        assert all(attribute.says.endswith(".") for attribute in event.attributes.values())
        assert len({attribute.field for attribute in event.attributes.values()}) == len(event.attributes)
        assert not event.body or event.attributes[event.body].needed
        assert "x" in event.about(dict.fromkeys(event.attributes, "x"))
