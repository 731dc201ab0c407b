"""Sessions, jobs and calls are linked to the work that their records name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schema.rows import Batch
from schema.signals import Signal
from tests.support.build import attributes, log, logs, span, traces
from tests.support.derived import Derived
from tests.support.otlp import read

TRACE = bytes(15) + b"\x07"
LINKS = "select kind, key, level, id from work_links order by 1, 2, 3, 4"
CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 10}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "bash"}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "s-1"}
RUN = {"experiment.key": "exp", "experiment.run.no": 2}


def made(number: int, above: int, told: Mapping[str, Any]) -> Any:
    """Make a span of the one trace."""
    parent = above.to_bytes(8, "big") if above else b""
    return span(
        trace_id=TRACE,
        span_id=number.to_bytes(8, "big"),
        parent_span_id=parent,
        name="step",
        attributes=attributes(dict(told)),
    )


def trace(*spans: Any, resource: Mapping[str, Any] | None = None) -> Batch:
    """Make a request of spans, with a resource that says more."""
    message = traces(*spans)
    message.resource_spans[0].resource.attributes.extend(attributes(dict(resource or {})))
    return read(Signal.TRACES, message)


def links(folder: Path, *held: Batch) -> set[tuple[str, ...]]:
    """Derive from requests, and give the links; ids of calls and jobs are cut down to their span."""
    with Derived(folder) as derived:
        derived.commit(*held)
        derived.derive()
        found = {(*row[:3], row[3][-2:] if row[2] != "session" else row[3]) for row in derived.rows(LINKS)}
        derived.deriver.rebuild()
        derived.derive()
        again = {(*row[:3], row[3][-2:] if row[2] != "session" else row[3]) for row in derived.rows(LINKS)}

        assert found == again
        return found


def test_a_resource_speaks_for_all_that_its_program_did(tmp_path: Path) -> None:
    """`OTEL_RESOURCE_ATTRIBUTES=plan.key=p` links every call, the job and the session."""
    found = links(tmp_path, trace(made(1, 0, AGENT), made(2, 1, CALL), made(3, 1, TOOL), resource={"plan.key": "p"}))

    assert found == {
        ("plan", "p", "session", "s-1"),
        ("plan", "p", "job", "01"),
        ("plan", "p", "call", "02"),
        ("plan", "p", "tool", "03"),
    }


def test_a_span_speaks_for_what_is_below_it_and_the_nearest_word_counts(tmp_path: Path) -> None:
    """One call is of run 2, another of run 3 within it; a third one, beside them, is of neither."""
    inner = {**RUN, "experiment.run.no": 3}
    found = links(
        tmp_path,
        trace(
            made(1, 0, AGENT), made(2, 1, RUN), made(3, 2, CALL), made(4, 2, inner), made(5, 4, TOOL), made(6, 1, CALL)
        ),
    )

    assert {row for row in found if row[0] == "run" and row[2] in ("call", "tool")} == {
        ("run", "exp#2", "call", "03"),
        ("run", "exp#3", "tool", "05"),
    }
    assert {row[3] for row in found if row[:3] == ("experiment", "exp", "call")} == {"03"}


def test_a_log_record_speaks_for_its_job(tmp_path: Path) -> None:
    """What names another piece of work of the same kind by itself keeps that."""
    said = log(
        trace_id=TRACE, span_id=(1).to_bytes(8, "big"), attributes=attributes({"issue.id": "i-1", "plan.key": "p"})
    )
    found = links(
        tmp_path,
        trace(made(1, 0, AGENT), made(2, 1, CALL), made(3, 1, {**CALL, "plan.key": "q"})),
        read(Signal.LOGS, logs(said)),
    )

    assert {row for row in found if row[2] == "call"} == {
        ("issue", "i-1", "call", "02"),
        ("issue", "i-1", "call", "03"),
        ("plan", "p", "call", "02"),
        ("plan", "q", "call", "03"),
    }


def test_what_says_nothing_of_work_has_no_links(tmp_path: Path) -> None:
    """A run's number without its experiment names nothing either."""
    assert not links(tmp_path, trace(made(1, 0, AGENT), made(2, 1, {**CALL, "experiment.run.no": 1})))


def test_an_issue_that_is_named_is_claimed(tmp_path: Path) -> None:
    """`OTEL_RESOURCE_ATTRIBUTES=issue.id=i-1` is enough."""
    with Derived(tmp_path) as derived:
        derived.commit(trace(made(1, 0, AGENT), made(2, 1, CALL), resource={"issue.id": "i-1"}))
        derived.derive()

        assert [('["i-1"]',)] == derived.rows("select issues_claimed from agent_sessions")


def test_a_project_is_known_by_its_first_session(tmp_path: Path) -> None:
    """Whatever names it makes its row; its name is the last part of its key."""
    with Derived(tmp_path) as derived:
        derived.commit(trace(made(1, 0, AGENT), made(2, 1, CALL), resource={"project.key": "https://host/team/shop"}))
        derived.derive()

        assert [("https://host/team/shop", "shop")] == derived.rows("select key, name from projects")
