"""Decode a request: bytes in, one Batch out."""

from collections.abc import Iterator
from hashlib import sha256

import orjson

from schema import otlp_json, otlp_protobuf
from schema.logs import timeless
from schema.rows import POINT_COLUMNS, Batch
from schema.signals import Signal

MAX_MESSAGE_CHARS = 1000
MAX_SAMPLES = 10
MAX_REPAIRS_TOLD = 100
RECEIVED_AS_OBSERVED = '{"observed_time_unix_nano":"0"}'
TEMPORALITY = POINT_COLUMNS.index("temporality")


def decode(signal: Signal, encoding: str, body: bytes, *, transport: str, received_at: int) -> Batch:
    """Decode a request, or raise Undecodable or TooLarge when nothing can be made of it as a whole.

    `encoding` is "protobuf" or "json", `received_at` Unix nanoseconds.
    """
    batch = Batch(signal, encoding, transport, received_at, len(body), fingerprint(signal, body))
    DECODERS[encoding](batch, body)
    if signal is Signal.LOGS and any(map(timeless, batch.rows)):
        batch.fingerprint = None
    batch.warnings.extend(warnings(batch))
    batch.message = message(batch)
    return batch


def fingerprint(signal: Signal, body: bytes) -> bytes:
    """Know a request again when its sender repeats it (otlp.md I04)."""
    digest = sha256(signal.encode())
    digest.update(body)
    return digest.digest()


def warnings(batch: Batch) -> Iterator[str]:
    """Tell of what is wrong but was kept, for both encodings alike (otlp.md D02, D03, M06).

    A record without a time is not worth telling: many senders rely on the collector's clock.
    """
    repaired = [row[-1] for row in batch.rows if row[-1] and row[-1] != RECEIVED_AS_OBSERVED]
    if repaired:
        kinds = sorted(set().union(*map(orjson.loads, repaired[:MAX_REPAIRS_TOLD])))
        yield f"{len(repaired)} of {len(batch.rows)} items kept with repairs: {', '.join(kinds)}"
    if batch.signal is Signal.METRICS and any(row[TEMPORALITY] == 0 for row in batch.rows):
        yield "aggregation_temporality is unspecified"


def message(batch: Batch) -> str:
    """Say in at most 1,000 characters what was refused, with the first ten places (otlp.md Z11, R08)."""
    if not batch.rejections:
        return ""
    samples = [rejection.message for rejection in batch.rejections[:MAX_SAMPLES]]
    more = len(batch.rejections) - len(samples)
    told = "; ".join(samples) + (f"; and {more} more" if more else "")
    return told if len(told) <= MAX_MESSAGE_CHARS else told[: MAX_MESSAGE_CHARS - 1] + "…"


DECODERS = {"protobuf": otlp_protobuf.decode, "json": otlp_json.decode}
