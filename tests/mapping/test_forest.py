"""Spans in order, whatever their parents."""

from collections.abc import Callable
from random import Random
from time import process_time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mapping.facts import Fact
from mapping.forest import Forest
from mapping.identity import Identity
from mapping.jobs import Jobs
from mapping.session_ends import sessions
from tests.support.facts import event, span
from tests.support.meaning import story

KINDS = ("turn", "agent", "workflow", "chain", "llm", "tool", "tool_part", "mcp", "other", "embedding", "agent_admin")
MANY = 32_843


@st.composite
def groups(draw: st.DrawFn) -> list[Fact]:
    """Make spans whose parents may be missing, themselves, or in circles, and events among them."""
    facts = []
    for number in range(draw(st.integers(1, 14))):
        told: dict[str, Any] = {
            "kind": draw(st.sampled_from(KINDS)),
            "trace_id": draw(st.sampled_from(("t", "u"))),
            "start": draw(st.integers(0, 9)),
            "end": draw(st.integers(9, 20)),
            "session_id": draw(st.sampled_from((None, "one", "two"))),
            "emitter": draw(st.sampled_from(("otel_genai", "mcp", "gemini_cli", "claude_code"))),
            "failed": draw(st.booleans()),
            "identity": draw(identities()),
        }
        facts.append(span(str(number), str(draw(st.integers(0, 16))) if draw(st.booleans()) else "", **told))
    starts = draw(st.lists(st.integers(0, 20), unique=True, max_size=4))
    kind = st.sampled_from(("prompt", "llm", "tool"))
    facts += [event(draw(kind), start, session_id="one", identity=draw(identities())) for start in starts]
    return facts


def identities() -> st.SearchStrategy[Identity]:
    """Make what records say of their turns, agents and causes."""
    return st.builds(
        Identity,
        turn_id=st.sampled_from((None, None, "7", "a-turn-with-its-own-id")),
        agent_id=st.sampled_from((None, None, "an-agent")),
        causes=st.sampled_from(((), (("u", "3"),))),
        entry=st.booleans(),
        remote=st.booleans(),
    )


@given(groups(), st.randoms())
def test_everything_is_told_apart_whatever_the_parents(facts: list[Fact], random: Random) -> None:
    """Nothing raises, every job holds a record, every call has one job at most, and order changes nothing."""
    found = story(facts)
    ids = [job.id for job in found.jobs.found]
    held = {found.jobs.of_fact(fact) for fact in found.facts}
    assert set(ids) == held - {None}
    assert {*map(found.jobs.of, found.calls), *map(found.jobs.of, found.tools)} <= held | {None}
    assert all(run.job_id in held | {None} for run in found.agents.found)
    closed = sessions(found.facts, found.calls, found.jobs, now=100, idle=10)
    assert all(session.ended is not None for session in closed)

    random.shuffle(facts)

    mixed = story(facts)
    assert found.jobs.found == mixed.jobs.found
    assert found.agents.found == mixed.agents.found


@given(groups())
def test_spans_come_after_those_above_them(facts: list[Fact]) -> None:
    """Each span is there once, also when its parents go round in a circle."""
    forest = Forest(facts)
    order = {place: number for number, place in enumerate(forest.order)}

    assert len(order) == len(forest.order) == len(forest.spans)
    assert all(order[above] < order[place] for place in order if (above := forest.parent(place)))


def test_a_large_trace_takes_time_in_line_with_its_spans() -> None:
    """Neither a deep chain, a circle, nor many spans side by side take longer than others."""
    random = Random(7)
    above: dict[str, Callable[[int], str]] = {
        "tree": lambda number: str(random.randrange(number)) if number else "",
        "chain": lambda number: str(number - 1) if number else "",
        "circle": lambda number: str((number - 1) % MANY),
        "orphans": lambda number: f"lost {number}",
        "roots": lambda _: "",
    }
    for shape, parent in above.items():
        facts = [
            span(str(number), parent(number), kind=random.choice(KINDS), start=number, session_id="one")
            for number in range(MANY)
        ]
        began = process_time()
        Jobs(facts, [], [])

        assert process_time() - began < 4, shape  # a second on an idle machine; minutes, were it squared
