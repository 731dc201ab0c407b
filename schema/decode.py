"""Decode a request: bytes in, one Batch out."""

from collections.abc import Iterator
from hashlib import sha256

import orjson

from schema import otlp_json, otlp_protobuf
from schema.logs import tell_twins_apart, timeless
from schema.rows import POINT_COLUMNS, Batch
from schema.signals import Signal

MAX_MESSAGE_CHARS = 1000
MAX_SAMPLES = 10
COMMON_REPAIRS = frozenset(("duplicateKeys", "observed_time_unix_nano", "redacted"))
TEMPORALITY = POINT_COLUMNS.index("temporality")


def decode(  # noqa: PLR0913  what is known of a request
    signal: Signal, encoding: str, body: bytes, *, transport: str, received_at: int, digest: bytes | None = None
) -> Batch:
    """Decode a request, or raise Undecodable or TooLarge when nothing can be made of it as a whole.

    `encoding` is "protobuf" or "json", `received_at` Unix nanoseconds, `digest` the fingerprint if it is known already.
    """
    batch = Batch(signal, encoding, transport, received_at, len(body), digest or fingerprint(signal, body))
    DECODERS[encoding](batch, body)
    if signal is Signal.LOGS:
        tell_twins_apart(batch.rows)
        if any(map(timeless, batch.rows)):
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

    What a sender's library always does is not worth telling: leaving the time to the collector, repeating a key.
    """
    marks = [set(orjson.loads(row[-1])) - COMMON_REPAIRS for row in batch.rows if row[-1]]
    told = [mark for mark in marks if mark]
    if told:
        yield f"{len(told)} of {len(batch.rows)} items kept with repairs: {', '.join(sorted(set().union(*told)))}"
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
