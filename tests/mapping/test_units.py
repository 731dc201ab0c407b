"""Which records are one job's, by what they say."""

from dataclasses import replace
from typing import Any

import pytest

from mapping.facts import Fact
from mapping.identity import Identity
from mapping.parts import Asked, Result
from tests.support.facts import event, says, span
from tests.support.meaning import story

SECOND = 1_000_000_000
TURN = Identity(turn_id="a-turn-with-its-own-id")


def ids(*facts: Fact) -> list[str]:
    """Give the ids of the jobs in facts."""
    return [job.id for job in story(facts).jobs.found]


def test_a_root_that_has_not_come_gives_the_job_its_name_already() -> None:
    """What is known stands below a missing span: the job keeps its id when that arrives at its end."""
    root = span("1")
    inner = [span("2", "1", kind="llm"), span("3", "1", kind="tool")]

    assert ["t:1"] == ids(*inner) == ids(*inner, root)
    assert [None, root.end] == [story(held).jobs.found[0].ended for held in (inner, [*inner, root])]


def test_what_lost_the_spans_above_it_is_one_job_a_trace() -> None:
    """Several spans are missing, and the first one of what is known names the job."""
    assert ["t:8"] == ids(span("1", "9", start=5), span("2", "8", kind="llm", start=3))
    assert ["t:1"] == ids(span("1", end=9), span("2", "8", kind="llm", start=3))


def test_another_process_is_not_waited_for() -> None:
    """A span whose parent is remote is the root of what is known here."""
    assert ["t:1"] == ids(span("1", "9", identity=Identity(remote=True)))


@pytest.mark.parametrize(("kind", "expected"), [("agent", ["t:1"]), ("other", [])])
def test_a_request_is_a_job_only_when_an_agent_works_in_it(kind: str, expected: list[str]) -> None:
    """A server's span counts when there is a call or an agent below it."""
    assert expected == ids(span("1", kind="other", identity=Identity(entry=True)), span("2", "1", kind=kind))


def test_a_server_of_tools_has_no_jobs() -> None:
    """It works for somebody else's."""
    assert [] == ids(span("1", kind="tool", emitter="mcp"))


def test_a_turn_id_joins_what_no_span_does() -> None:
    """Events of one turn are one job, before any root or prompt has come."""
    calls = [event("llm", start, session_id="one", identity=TURN) for start in (1, 9)]

    assert ["a-turn-with-its-own-id"] == ids(*calls)


def test_a_short_turn_id_counts_within_its_session() -> None:
    """The seventh turn of two sessions is two jobs."""
    held = Identity(turn_id="7")

    told = [event("llm", start, session_id=session, identity=held) for start, session in enumerate(("one", "two"))]

    assert ["one:7", "two:7"] == ids(*told)


def test_prompts_part_a_session_and_its_end_ends_the_last() -> None:
    """Each call is the last prompt's before it; after the session's end there is none."""
    told = [
        event(kind, start * SECOND, session_id="one") for start, kind in enumerate(("prompt", "llm", "prompt", "llm"))
    ]
    end = event("other", 5 * SECOND, session_id="one", identity=says("end", 5 * SECOND))
    late = event("llm", 7 * SECOND, session_id="one")
    found = story([*told, end, late])

    assert ["one:log:0", f"one:log:{2 * SECOND}"] == [job.id for job in found.jobs.found]
    assert ["one:log:0", f"one:log:{2 * SECOND}", None] == [
        found.jobs.of_fact(fact) for fact in (told[1], told[3], late)
    ]
    assert [SECOND, 5 * SECOND] == [job.ended for job in found.jobs.found]


def test_a_call_alone_is_the_open_jobs_of_its_session() -> None:
    """Titles are asked for in a trace of their own while a job runs; later they are nobody's but a job themselves."""
    job = span("1", end=9 * SECOND, session_id="one")
    within, after = (
        span("1", kind="llm", trace_id=trace, start=start, session_id="one")
        for trace, start in (("u", 3 * SECOND), ("v", 12 * SECOND))
    )

    assert ["t:1"] == ids(job, within)
    assert ["t:1", "v:1"] == ids(job, within, after)


def test_calls_in_events_alone_are_one_job_of_their_session() -> None:
    """Without prompts, turns and spans nothing parts them."""
    assert ["one:log"] == ids(event("llm", 1, session_id="one"), event("tool", 9, session_id="one"))


def test_what_a_message_started_is_part_of_the_job_that_sent_it() -> None:
    """A span that names its cause is below it, in another trace."""
    first = span("1", kind="other", identity=Identity(entry=True))
    second = span("2", kind="agent", trace_id="u", identity=Identity(causes=(first.place,)))

    assert ["t:1"] == ids(first, second)


def test_calls_alone_go_on_with_what_was_asked_for_without_an_id() -> None:
    """The question repeats the call with its id, so that prompt, name and arguments tell which one it was."""
    arguments, spaced = '{"city":"Paris"}', '{"city": "Paris"}'
    first = span("1", kind="llm", prompt="weather?", asked=(Asked(None, "get", arguments),))
    result = Result("c1", "get", "sunny", arguments=spaced)
    second = span("1", kind="llm", trace_id="u", start=2 * SECOND, prompt="weather?", results=(result,))
    other = replace(second, prompt="and then?")

    assert ["t:1"] == ids(first, second)
    assert ["t:1", "u:1"] == ids(first, other)


def test_calls_alone_go_on_with_what_was_asked_for_under_another_id() -> None:
    """OpenAI's Responses have an id for the item that asks and one for the call: the result tells of the second."""
    asked = tuple(Asked(f"fc_{number}_0123456789", "get", f'{{"day":{number}}}') for number in range(2))
    first = span("1", kind="llm", prompt="weather?", asked=asked)
    results = tuple(Result(f"call_{number}_0123456789", "get", "sunny") for number in range(2))
    second = span("1", kind="llm", trace_id="u", start=2 * SECOND, prompt="weather?", results=results)
    found = story([first, second])

    assert ["t:1"] == [job.id for job in found.jobs.found]
    assert {"t:1"} == {*map(found.jobs.of, found.calls), *map(found.jobs.of, found.tools)}
    assert ["t:1", "u:1"] == ids(first, replace(second, session_id="another's"))


def test_calls_go_on_with_what_log_events_of_messages_tell() -> None:
    """Each call is a trace of its own and its messages are log events; those before the user's last word are old."""

    def said(trace: str, at: int, **told: Any) -> Fact:
        return replace(span("c", kind="message", trace_id=trace, start=at, **told), is_span=False, key=f"log/{at}")

    asked, result = (Asked("c1", "get", "{}"),), (Result("c1", "get", "sunny"),)
    held = [
        *(span("c", kind="llm", trace_id=trace, start=at) for trace, at in (("a", 10), ("b", 30), ("d", 50))),
        said("a", 11, prompt="Weather?"),
        said("a", 12, asked=asked),
        said("b", 31, prompt="Weather?"),
        said("b", 32, results=result),
        said("d", 51, results=result),
        said("d", 52, prompt="And now?"),
    ]

    assert [job.started for job in story(held).jobs.found] == [10, 50]
