"""Open the recorded requests of real agent runtimes."""

import gzip
import json
import tarfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import grpc

from schema.signals import WIRE, Signal
from tests.support.clients import export, post
from tests.support.service import Running

CORPUS = Path(__file__).parents[1] / "data" / "corpus"
BUILT = ("claude-code-both", "claude-code-logs", "claude-code-spans")
"""Sources that were built from documentation; see tests/recordings."""
ALL = sorted(path.name.removesuffix(".tar.xz") for path in CORPUS.glob("*.tar.xz"))
SOURCES = [name for name in ALL if name not in BUILT]
"""Sources that were recorded."""
CODINGS = {"gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}


@dataclass(frozen=True, slots=True)
class Recorded:
    """Hold one recorded request, and what is known of how it came."""

    signal: Signal
    meta: dict[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """Hold one source's requests in order of arrival, and what is known of the run."""

    meta: dict[str, Any]
    truth: dict[str, Any]
    requests: tuple[Recorded, ...]

    @property
    def items(self) -> dict[str, int]:
        """Count what was recorded; metrics as metrics, not points."""
        return {"spans": 0, "log_records": 0, "metrics": 0, **self.meta["items"]}


@cache
def source(name: str) -> Source:
    """Open a source."""
    with tarfile.open(CORPUS / f"{name}.tar.xz") as archive:
        files = {member.name: _read(archive, member) for member in archive}
    meta = json.loads(files["meta.json"])
    requests = tuple(Recorded(Signal(entry["signal"]), entry, files[entry["file"]]) for entry in meta["files"])
    return Source(meta, json.loads(files["truth.json"]), requests)


def send(service: Running, recorded: Recorded) -> tuple[bool, bytes]:
    """Send a request the way in which it was recorded; say whether it was taken whole, and the answer."""
    coding = recorded.meta["content_encoding"] or ""
    if recorded.meta["transport"] == "grpc":
        answer = export(service, recorded.signal, recorded.body, compression=CODINGS.get(coding))
        return answer.code is grpc.StatusCode.OK, answer.body
    headers = {"Content-Type": recorded.meta["content_type"], "Content-Encoding": coding}
    reply = post(service, f"/v1/{recorded.signal}", _coded(recorded.body, coding), headers)
    return reply.status == 200, b"" if reply.body == b"{}" else reply.body


def metric_counts(recorded: Recorded) -> tuple[int, int]:
    """Count the metrics and the data points of a request, without any code of ours."""
    if recorded.meta["file"].endswith(".pb"):
        request = WIRE[Signal.METRICS].request.FromString(recorded.body)
        scoped = [part for envelope in request.resource_metrics for part in envelope.scope_metrics]
        metrics = [metric for part in scoped for metric in part.metrics]
        points = [getattr(metric, metric.WhichOneof("data")).data_points for metric in metrics]
    else:
        told = json.loads(recorded.body)
        scoped = [part for envelope in told["resourceMetrics"] for part in envelope["scopeMetrics"]]
        metrics = [metric for part in scoped for metric in part["metrics"]]
        points = [data["dataPoints"] for metric in metrics for data in metric.values() if isinstance(data, dict)]
    return len(metrics), sum(map(len, points))


def _coded(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body)
    return zlib.compress(body) if coding == "deflate" else body


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(member)
    assert opened is not None
    return opened.read()
