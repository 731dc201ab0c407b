"""Prove how commands are heard in records."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.faults import Code, Fault
from tracking.records import Said, command_of, plain, span_tells, tells, violation_of
from tracking.vocabulary import EVENTS

RUN = {"experiment.key": "e", "experiment.run.no": "2", "experiment.run.params": {"lr": 0.1}}


def said(name: str, values: dict[str, Any], **more: Any) -> Said:
    """Say something."""
    return Said(name, "key", 5, values, **more)


@pytest.mark.parametrize("name", list(EVENTS))
def test_every_event_is_known_with_and_without_its_prefix(name: str) -> None:
    """Only exact names are commands; with the prefix any other name wants to be one."""
    assert tells(name)
    assert span_tells(f"tracking.{name}")
    assert not tells(f"{name}.more")
    assert tells("tracking.nothing")
    assert not tells("agent.job")
    assert span_tells("agent.job")


@pytest.mark.parametrize(("status", "outcome"), [(0, "inconclusive"), (1, "pass"), (2, "fail")])
def test_a_span_says_how_a_run_went(status: int, outcome: str) -> None:
    """Its status is the outcome where it names none."""
    assert outcome == command_of(said("experiment.run", RUN, status=status)).values["experiment.run.outcome"]
    named = {**RUN, "experiment.run.outcome": "pass"}
    assert "pass" == command_of(said("experiment.run", named, status=status)).values["experiment.run.outcome"]


def test_a_log_record_has_no_status() -> None:
    """Without an outcome it is refused."""
    with pytest.raises(Fault, match="outcome is missing") as caught:
        command_of(said("tracking.experiment.run", RUN))

    assert (Code.MISSING_FIELD, "experiment.run", "e#2") == (caught.value.code, caught.value.event, caught.value.entity)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(EVENTS)), st.data())
def test_whatever_is_said_is_a_command_or_a_fault(name: str, data: st.DataObject) -> None:
    """Nothing that a sender writes breaks anything else, and what was wrong can be written down."""
    keys = st.sampled_from([*EVENTS[name].attributes, "tracking.event_id", "session.id", "project.key"])
    wrong = said(
        name, data.draw(st.dictionaries(keys, VALUES)), body=data.draw(VALUES), status=data.draw(st.none() | st.just(2))
    )

    assert name == heard(wrong)


def heard(words: Said) -> str:
    """Give the event that was heard, or of which something is wrong."""
    try:
        return command_of(words).event
    except Fault as fault:
        return violation_of(words, fault, "").event_name


def test_where_a_command_comes_from() -> None:
    """Session, project, agent and job may stand in the record or in its resource; the record's own word counts."""
    command = command_of(
        said(
            "plan.upsert",
            {"plan.key": "p", "plan.title": "t", "session.id": "s", "agent.job.id": "j", "tracking.event_id": "x"},
            resource={"project.key": "shop", "agent.name": "me", "session.id": "other"},
            trace_id="t1",
        )
    )

    assert ("s", "j", "shop", "me", "t1", "x", "key") == (
        command.origin.session_id,
        command.origin.job_id,
        command.origin.project_key,
        command.origin.agent_name,
        command.origin.trace_id,
        command.event_id,
        command.record,
    )


def test_a_body_is_text_where_the_event_says_so() -> None:
    """An attribute goes before it."""
    note = {"debug.session.key": "d"}

    assert "b" == command_of(said("debug.note.add", note, body="b")).values["debug.note"]
    assert "a" == command_of(said("debug.note.add", {**note, "debug.note": "a"}, body="b")).values["debug.note"]


def test_values_are_what_their_sender_meant() -> None:
    """What JSON cannot say is kept in its own way, which is undone; a number that there is not is null."""
    kept = {"kvlistValue": {"doubleValue": {"doubleValue": "NaN"}, "list": [{"doubleValue": "Infinity"}, 1]}}

    assert {"doubleValue": None, "list": [None, 1]} == plain(kept)
    assert {"bytesValue": "AA=="} == plain({"bytesValue": "AA=="})


def test_a_violation_says_all_that_is_known() -> None:
    """Which event, about what, with which value."""
    wrong = said("plan.status", {"plan.key": "p", "plan.status": "done", "session.id": "s", "tracking.event_id": "x"})
    with pytest.raises(Fault) as caught:
        command_of(wrong)
    told = violation_of(wrong, caught.value, "svc")

    assert ("plan.status", "p", "UNKNOWN_STATUS", "plan.status", "'done'", "s", "svc", "x") == (
        told.event_name,
        told.entity_key,
        told.code,
        told.attribute,
        told.value_preview,
        told.session_id,
        told.service_name,
        told.command_id,
    )
