"""Commands about the book of work travel as log records, spans and span events, and are done from the raw rows."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.support.api import ask
from tests.support.build import NOW, attributes, log, span
from tests.support.clients import request
from tests.support.commands import evented, say, show, spanned, told
from tests.support.service import Running, running
from tests.support.wait import until

WITHIN_S = 30
PLAN = {"plan.key": "p", "plan.title": "Cache"}
RUN = {"experiment.key": "e", "experiment.run.no": 1, "experiment.run.params": '{"lr": 0.1}'}
TRACE = bytes(15) + b"\x09"
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "s-1", "gen_ai.agent.name": "worker"}
CALL: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 10,
}
Way = Callable[..., tuple[int, str]]


def by_log(service: Running, event: str, values: dict[str, Any], at: int = 0) -> tuple[int, str]:
    """Tell by a log record."""
    return say(service, told(event, values, at=at))


def by_span(service: Running, event: str, values: dict[str, Any], at: int = 0) -> tuple[int, str]:
    """Tell by a span."""
    return show(service, spanned(event, values, at=at))


def by_event(service: Running, event: str, values: dict[str, Any], at: int = 0) -> tuple[int, str]:
    """Tell by a span event."""
    return show(service, evented(event, values, at=at))


def by_prefix(service: Running, event: str, values: dict[str, Any], at: int = 0) -> tuple[int, str]:
    """Tell by a log record with the prefix, whose name is an attribute."""
    return say(service, log(attributes=attributes({**values, "event.name": f"tracking.{event}"})))


ways = pytest.mark.parametrize("tell", [by_log, by_span, by_event, by_prefix])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run one service for the tests that need none of their own; keys tell their work apart."""
    with running(tmp_path_factory.mktemp("commands") / "told.db") as found:
        yield found


def one(service: Running, sql: str, *values: Any) -> dict[str, Any]:
    """Wait for a row."""
    until(lambda: bool(service.rows(sql, *values)), within_s=WITHIN_S)
    return service.rows(sql, *values)[0]


@ways
def test_a_plan_from_beginning_to_end(service: Running, tell: Way) -> None:
    """Each way writes the same rows, and each command is an event as well."""
    plan = {"plan.key": tell.__name__}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("plan.upsert", {**plan, "plan.title": "Cäche ✓", "plan.owner": "alice"}),
        ("plan.status", {**plan, "plan.status": "in_progress"}),
        ("plan.task.add", {**plan, "task.title": "Design", "task.key": "t1"}),
        ("plan.task.add", {**plan, "task.title": "Build", "task.key": "t2"}),
        ("plan.task.done", {**plan, "task.key": "t1"}),
    ]

    assert [(0, "")] * 5 == [tell(service, event, values, at) for at, (event, values) in enumerate(steps)]
    sql = "select t.* from plan_tasks as t join feature_plans as p on p.id = t.plan_id where p.key = ? and t.status = ?"
    assert "Design" == one(service, sql, tell.__name__, "completed")["title"]
    assert "Build" == one(service, sql, tell.__name__, "pending")["title"]
    row = one(service, "select * from feature_plans where key = ?", tell.__name__)
    assert ("Cäche ✓", "alice", "in_progress", 25) == (
        row["title"],
        row["owner"],
        row["status"],
        len(row["started_at"]),
    )
    held = service.rows("select event_type from events where data_json like ? order by 1", f"%{tell.__name__}%")
    assert sorted(event for event, _ in steps) == [event["event_type"] for event in held]


@ways
def test_what_is_wrong_is_answered_and_the_record_is_kept(service: Running, tell: Way) -> None:
    """The answer, `ingest_rejections` and the record's event say the same; the ledger counts the record as stored."""
    key = f"wrong {tell.__name__}"
    values = {**RUN, "experiment.key": key, "experiment.run.outcome": "passed"}
    rejected, message = tell(service, "experiment.run", values)
    expected = f"UNKNOWN_OUTCOME experiment.run {key}#1: 'passed' is not one of pass, fail, inconclusive"
    (row,) = service.rows("select * from ingest_rejections where entity_key = ?", f"{key}#1")

    assert (0 if tell in (by_span, by_event) else 1, expected) == (rejected, message)
    assert ("UNKNOWN_OUTCOME", "experiment.run", "rejected", 0, "tests", "experiment.run.outcome", "'passed'") == tuple(
        row[name] for name in ("code", "event_name", "state", "items", "service_name", "attribute", "value_preview")
    )
    event = one(service, "select * from events where key = ?", row["position"])
    assert ("experiment.run", {"code": "UNKNOWN_OUTCOME", "message": expected}) == (
        event["event_type"],
        orjson.loads(event["data_json"])["tracking_error"],
    )
    until(lambda: bool(service.rows("select 1 from ingest_rejections where event_id = ?", event["id"])), within_s=30)


def test_the_first_five_are_told_and_the_rest_counted(service: Running) -> None:
    """One bad command never costs the good ones beside it, and never makes an error of the answer."""
    bad = [told("plan.status", {"plan.key": f"b{number}", "plan.status": "done"}, at=number) for number in range(8)]
    rejected, message = say(service, told("plan.upsert", {"plan.key": "beside", "plan.title": "x"}), *bad)

    assert (8, 5, True) == (rejected, message.count("UNKNOWN_STATUS"), message.endswith(" (+3 more)"))
    assert message.startswith("UNKNOWN_STATUS plan.status b0: 'done' is not one of pending")
    one(service, "select 1 from feature_plans where key = 'beside'")


def test_all_of_a_request_may_be_refused_without_an_error(service: Running) -> None:
    """The answer is a success with a partial success: an error would make senders drop or repeat the whole batch."""
    assert (1, "UNKNOWN_EVENT tracking.plan.foo: the vocabulary has no such event") == say(
        service, told("tracking.plan.foo", PLAN)
    )
    assert (0, "") == say(service, told("plan.foo", PLAN))


def test_the_same_request_again_is_answered_alike_and_noted_once(service: Running) -> None:
    """Replays and repeated records add no rejection."""
    record = told("summary.save", {"summary.entity_type": "plan", "summary.style": "short", "summary.text": "x" * 281})
    first = say(service, record)

    assert first == say(service, record)
    assert (2, first[1]) != first
    assert 2 == say(service, record, told("plan.upsert", {"plan.key": ""}))[0]
    assert 1 == len(service.rows("select 1 from ingest_rejections where event_name = 'summary.save'"))


def test_a_body_is_a_note(service: Running) -> None:
    """What has no attribute for its text takes it from the record's body; values may be kvlists."""
    say(service, told("debug.session.create", {"debug.session.key": "d", "debug.session.title": "Leak"}))
    say(service, told("debug.note.add", {"debug.session.key": "d"}, at=1))

    assert one(service, "select note from debug_notes")["note"].startswith("record ")


def test_a_child_waits_for_its_parent(service: Running) -> None:
    """It is parked, done when the parent comes, and then resolved; the answer rejects nothing."""
    assert (0, "") == say(service, told("plan.task.add", {"plan.key": "late", "task.title": "first"}, at=5))
    row = one(service, "select * from ingest_rejections where entity_key like 'late%' and state = 'parked'")
    assert ("NOT_FOUND", "plan.task.add") == (row["code"], row["event_name"])

    say(service, told("plan.upsert", {"plan.key": "late", "plan.title": "Parent"}, at=1))
    one(service, "select 1 from ingest_rejections where entity_key like 'late%' and state = 'resolved'")
    assert 1 == len(service.rows("select 1 from plan_tasks where title = 'first'"))


def test_a_child_waits_for_a_parent_that_a_program_writes(service: Running) -> None:
    """Whoever makes the parent, the waiting command is tried again."""
    say(service, told("plan.status", {"plan.key": "told", "plan.status": "paused"}, at=5))
    one(service, "select * from ingest_rejections where entity_key = 'told' and state = 'parked'")
    ask(service, "/plans", method="POST", body={"key": "told", "title": "By hand"})

    one(service, "select 1 from ingest_rejections where entity_key = 'told' and state = 'resolved'")


def test_a_session_that_a_program_started_is_ended_by_a_record(service: Running) -> None:
    """The end of a session that nobody knows waits for that."""
    say(service, told("agent.session.end", {"agent.session.id": "mine", "agent.session.exit_reason": "timeout"}))
    row = one(service, "select * from ingest_rejections where entity_key = 'mine' and state = 'parked'")
    assert ("agent.session.end", "NOT_FOUND") == (row["event_name"], row["code"])

    ask(service, "/sessions", method="POST", body={"session_id": "mine", "agent_name": "me"}, status=201)
    one(service, "select 1 from agent_sessions where session_id = 'mine' and exit_reason = 'timeout'")
    one(service, "select 1 from ingest_rejections where entity_key = 'mine' and state = 'resolved'")


def test_what_waited_for_too_long_expires(tmp_path: Path) -> None:
    """After `derive.park` it is told as expired, and counted."""
    with running(tmp_path / "park.db", derive__park="1s") as service:
        say(service, told("debug.note.add", {"debug.session.key": "nobody"}))
        one(service, "select 1 from ingest_rejections where state = 'expired'")
        counted = 'spanledger_commands_rejected_total{code="NOT_FOUND",event="debug.note.add"} 1.0'
        until(lambda: counted in request(service, "GET", "/metrics").body.decode(), within_s=WITHIN_S)


def test_commands_know_their_session_from_their_trace(service: Running) -> None:
    """A record that names neither session nor job has them from the trace it was told in."""
    top = (1).to_bytes(8, "big")
    start = told("issue.work.start", {"issue.id": "i-7"}, trace_id=TRACE, span_id=top)
    spans = [
        span(trace_id=TRACE, span_id=top, name="run", attributes=attributes(AGENT)),
        span(trace_id=TRACE, span_id=(2).to_bytes(8, "big"), parent_span_id=top, attributes=attributes(CALL)),
    ]
    say(service, start, told("issue.work.complete", {"issue.id": "i-7"}, at=9, trace_id=TRACE, span_id=top))
    one(service, "select 1 from ingest_rejections where trace_id = ? and state = 'parked'", TRACE.hex())
    show(service, *spans)

    row = one(service, "select * from agent_issue_work where issue_id = 'i-7' and completed = 1")
    assert ("s-1", "worker") == (row["session_id"], row["agent_name"])
    assert (
        '["i-7"]'
        == one(service, "select issues_claimed from agent_sessions where session_id = 's-1'")["issues_claimed"]
    )


def test_a_rebuild_changes_nothing(service: Running) -> None:
    """Commands that were done are known again."""
    tables = ("feature_plans", "plan_tasks", "debug_notes", "agent_issue_work", "summaries", "experiment_runs")
    say(service, told("plan.upsert", {"plan.key": "again", "plan.title": "x"}))
    say(service, told("plan.task.add", {"plan.key": "again", "task.title": "y"}, at=1))
    one(service, "select 1 from plan_tasks where title = 'y'")
    before = {table: service.rows(f"select * from {table}") for table in tables}
    number = ask(service, "/rebuild", method="POST", status=202)["order"]
    until(lambda: ask(service, "/derived")["done"] >= number, within_s=WITHIN_S)

    assert before == {table: service.rows(f"select * from {table}") for table in tables}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_sdk_tells(service: Running, protocol: str) -> None:
    """OpenTelemetry's own SDK sends commands by log record, span and span event; maps are sent as maps."""
    plan = f"by the SDK over {protocol}"
    logs, spans = _exporters(service, protocol)
    logging_provider, tracing = LoggerProvider(shutdown_on_exit=False), TracerProvider(shutdown_on_exit=False)
    logging_provider.add_log_record_processor(BatchLogRecordProcessor(logs))
    tracing.add_span_processor(BatchSpanProcessor(spans))
    logger, tracer = logging_provider.get_logger("agent.tracking"), tracing.get_tracer("agent.tracking")
    logger.emit(event_name="plan.upsert", timestamp=NOW, attributes={"plan.key": plan, "plan.title": "SDK"})
    run: dict[str, Any] = {
        "experiment.key": plan,
        "experiment.title": "SDK",
        "experiment.run.no": 1,
        "experiment.run.outcome": "pass",
    }
    logger.emit(event_name="experiment.run", attributes={**run, "experiment.run.params": {"lr": 0.5, "tags": ["a"]}})
    with tracer.start_as_current_span("plan.task.add", attributes={"plan.key": plan, "task.title": "one"}):
        pass
    with tracer.start_as_current_span("work") as work:
        work.add_event("plan.task.add", {"plan.key": plan, "task.title": "two"})
    logging_provider.shutdown()
    tracing.shutdown()

    tasks = "select count(*) as n from plan_tasks as t join feature_plans as p on p.id = t.plan_id where p.key = ?"
    until(lambda: service.rows(tasks, plan)[0]["n"] == 2, within_s=WITHIN_S)
    sql = (
        "select r.params_json from experiment_runs as r join experiments as e on e.id = r.experiment_id where e.key = ?"
    )
    assert {"lr": 0.5, "tags": ["a"]} == orjson.loads(one(service, sql, plan)["params_json"])


def _exporters(service: Running, protocol: str) -> tuple[Any, Any]:
    if protocol == "grpc":
        endpoint = f"127.0.0.1:{service.grpc}"
        return GrpcLogs(endpoint=endpoint, insecure=True), GrpcSpans(endpoint=endpoint, insecure=True)
    return HttpLogs(endpoint=service.url("/v1/logs")), HttpSpans(endpoint=service.url("/v1/traces"))


def test_refusals_are_logged(service: Running, caplog: pytest.LogCaptureFixture) -> None:
    """Most senders' libraries never show a partial success, so the daemon's log does."""
    with caplog.at_level(logging.WARNING):
        say(service, told("refactor.upsert", {"refactor.key": "r"}))

    assert "commands were refused" in caplog.text
    counted = request(service, "GET", "/metrics").body.decode()
    assert 'spanledger_commands_rejected_total{code="MISSING_FIELD",event="refactor.upsert"} 1.0' in counted
