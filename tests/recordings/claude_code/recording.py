"""Put the story into requests, as an exporter that sends every five seconds would, and write them down."""

import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import Message
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.version import __version__

from tests.recordings.claude_code.events import log_records
from tests.recordings.claude_code.points import Points
from tests.recordings.claude_code.spans import Spans
from tests.recordings.claude_code.story import SCENARIO, Process, Teller
from tests.recordings.claude_code.truth import truth

SIGNALS: Final = {
    "claude-code-logs": ("logs", "metrics"),
    "claude-code-spans": ("traces",),
    "claude-code-both": ("logs", "traces", "metrics"),
}
INTERVAL_NS: Final = 5_000_000_000
NUMBER_OF: Final = {"logs": "log_records", "traces": "spans", "metrics": "metrics"}


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold one request; `time` is when it was sent, in Unix nanoseconds."""

    signal: str
    time: int
    items: int
    message: Message


def requests(name: str) -> list[Sent]:
    """Tell the story in the signals of a source; requests are in order of sending."""
    sent = [one for process in Teller().processes() for one in _process(process, SIGNALS[name])]
    return sorted(sent, key=lambda one: (one.time, tuple(NUMBER_OF).index(one.signal)))


def files(name: str) -> dict[str, bytes]:
    """Write a source's files: the requests' bodies, what is known of them, and what really happened."""
    sent = requests(name)
    named = {f"{number:03}-{one.signal}.pb": one for number, one in enumerate(sent, 1)}
    bodies = {file: one.message.SerializeToString(deterministic=True) for file, one in named.items()}
    entries = [_entry(file, one, len(bodies[file])) for file, one in named.items()]
    told = truth(name, Teller().processes())
    return {**bodies, "meta.json": _json(_meta(name, sent, entries)), "truth.json": _json(told)}


def write(name: str, folder: Path) -> None:
    """Write a source's archive."""
    with tarfile.open(folder / f"{name}.tar.xz", "w:xz") as archive:
        for file, body in files(name).items():
            about = tarfile.TarInfo(file)
            about.size = len(body)
            archive.addfile(about, io.BytesIO(body))


def _process(process: Process, signals: Sequence[str]) -> Iterator[Sent]:
    spans = Spans(process) if "traces" in signals else None
    if spans is not None:
        yield from _batches("traces", spans.finished(), lambda span: int(span.end_time), encode_spans)
    if "logs" in signals:
        records = log_records(process, spans.contexts if spans else {})
        yield from _batches("logs", records, lambda record: int(record.log_record.timestamp), encode_logs)
    if "metrics" in signals:
        over = _after(process.turns[-1].ended)
        data = Points(process).data(until=over)
        count = sum(len(scope.metrics) for part in data.resource_metrics for scope in part.scope_metrics)
        yield Sent("metrics", over, count, encode_metrics(data))


def _batches(
    signal: str, items: Sequence[Any], time: Callable[[Any], int], encode: Callable[[Sequence[Any]], Message]
) -> Iterator[Sent]:
    """Send what has ended in each interval."""
    intervals: dict[int, list[Any]] = defaultdict(list)
    for item in items:
        intervals[_after(time(item))].append(item)
    for at, batch in intervals.items():
        yield Sent(signal, at, len(batch), encode(batch))


def _after(time: int) -> int:
    return (time // INTERVAL_NS + 1) * INTERVAL_NS


def _entry(file: str, sent: Sent, size: int) -> dict[str, Any]:
    return {
        "file": file,
        "signal": sent.signal,
        "transport": "http",
        "path": f"/v1/{sent.signal}",
        "content_type": "application/x-protobuf",
        "content_encoding": None,
        "wire_bytes": size,
        "bytes": size,
        "items": sent.items,
        "received_unix_nano": sent.time,
        "headers": {},
    }


def _meta(name: str, sent: Sequence[Sent], entries: list[dict[str, Any]]) -> dict[str, Any]:
    signals = SIGNALS[name]
    return {
        "source": name,
        "title": "Claude Code, built from its documentation",
        "lang": "python",
        "packages": {"opentelemetry-sdk": __version__},
        "documented": SCENARIO["documented"],
        "otel_env": {
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
            **({"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1"} if "traces" in signals else {}),
            **{f"OTEL_LOG_{gate}": "1" for gate in ("USER_PROMPTS", "TOOL_DETAILS", "TOOL_CONTENT")},
        },
        "transport": ["http/protobuf"],
        "content_encoding": ["None"],
        "captured": None,
        "requests": {signal: sum(one.signal == signal for one in sent) for signal in signals},
        "items": {NUMBER_OF[signal]: sum(one.items for one in sent if one.signal == signal) for signal in signals},
        "files": entries,
        "other_http_requests": [],
        "note": "Built, not recorded.",
    }


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=1).encode()
