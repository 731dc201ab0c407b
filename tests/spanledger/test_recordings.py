"""Prove which files are read as what."""

import gzip
import json
from pathlib import Path

import pytest

from schema.signals import Signal
from spanledger import recordings
from spanledger.recordings import NotOtlp, Recorded

TRACES: dict[str, object] = {"resourceSpans": [{"scopeSpans": []}]}
LOGS: dict[str, object] = {"resourceLogs": [{"scopeLogs": []}]}


def read(folder: Path, name: str, content: bytes) -> list[Recorded]:
    """Write a file and read it."""
    path = folder / name
    path.write_bytes(content)
    return list(recordings.read(path))


def lines(*values: object) -> bytes:
    """Write values as JSON lines."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_lines(squeeze: object, tmp_path: Path) -> None:
    """Each line is a request of the signal that its key names; empty lines are nothing; gzip is seen by content."""
    assert callable(squeeze)
    content = squeeze(lines(TRACES) + b"\n" + lines(LOGS))

    found = read(tmp_path, "export.data", content)

    assert [Signal.TRACES, Signal.LOGS] == [recorded.signal for recorded in found]
    assert [f"{tmp_path}/export.data:1", f"{tmp_path}/export.data:3"] == [recorded.place for recorded in found]
    assert lines(LOGS).strip() == found[1].body


def test_key_anywhere(tmp_path: Path) -> None:
    """The key need not stand first, and a line may hold two signals."""
    found = read(tmp_path, "a.jsonl", lines({"x": 1, **TRACES, **LOGS}))

    assert [Signal.TRACES, Signal.LOGS] == [recorded.signal for recorded in found]


def test_name_of_a_key_inside_text(tmp_path: Path) -> None:
    """Another signal's key inside a string is only text."""
    found = read(tmp_path, "a.jsonl", lines({**TRACES, "note": '{"resourceLogs": []}'}))

    assert [Signal.TRACES] == [recorded.signal for recorded in found]


def test_document(tmp_path: Path) -> None:
    """A file of one request over many lines is read whole."""
    text = json.dumps(LOGS, indent=2).encode()

    assert [Recorded(f"{tmp_path}/a.json", Signal.LOGS, "json", text)] == read(tmp_path, "a.json", text)


def test_bad_line_costs_itself(tmp_path: Path) -> None:
    """A line that is no request is told, and the next one is read."""
    found = read(tmp_path, "a.jsonl", lines(TRACES) + b"{broken\n" + lines({"other": 1}, LOGS))

    assert [False, True, True, False] == [bool(recorded.problem) for recorded in found]


@pytest.mark.parametrize(
    ("name", "signal"),
    [("001-traces.pb", "traces"), ("logs.binpb", "logs"), ("metric.pb", "metrics"), ("my_spans.pb", "traces")],
)
def test_protobuf(name: str, signal: str, tmp_path: Path) -> None:
    """A protobuf request's signal is told by the file's name."""
    found = read(tmp_path, name, b"\x0a\x00")

    assert [Recorded(f"{tmp_path}/{name}", Signal(signal), "protobuf", b"\x0a\x00")] == found


def test_empty_request_by_name(tmp_path: Path) -> None:
    """An empty JSON request's signal is told by the file's name."""
    assert [Signal.METRICS] == [recorded.signal for recorded in read(tmp_path, "007-metrics.json", b"{}")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.pb", b""),
        ("a.json", b'{"a": 1}'),
        ("a.json", b"{\n}"),
        ("a.json", b""),
        ("a.gz", gzip.compress(b"{}", mtime=0)[:-4]),
    ],
)
def test_not_otlp(name: str, content: bytes, tmp_path: Path) -> None:
    """A file without a request is said to be none."""
    with pytest.raises(NotOtlp):
        read(tmp_path, name, content)


def test_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line over the limit is told and skipped; memory does not grow with it."""
    monkeypatch.setattr(recordings, "MAX_REQUEST_BYTES", 100)

    found = read(tmp_path, "a.jsonl", lines(TRACES, {"resourceSpans": ["x" * 1000]}, LOGS))

    assert [False, True, False] == [bool(recorded.problem) for recorded in found]
    assert found[2].place.endswith(":3")


def test_find(tmp_path: Path) -> None:
    """A folder gives the files that may hold requests, in order; a named file is taken whatever it is called."""
    for name in ("b/002-logs.json", "a/001-traces.pb", "a/notes.txt", "c.jsonl.gz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    named = str(tmp_path / "a/notes.txt")

    found = list(recordings.find((str(tmp_path), named)))

    assert ["a/001-traces.pb", "b/002-logs.json", "c.jsonl.gz", "a/notes.txt"] == [
        str(path.relative_to(tmp_path)) for path, _ in found
    ]
    assert [False, False, False, True] == [is_named for _, is_named in found]
