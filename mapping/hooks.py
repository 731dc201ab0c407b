"""What no table can say: one small function for each exception, by emitter (mapping.md B.5, corpus finding 4)."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mapping.fields import Reading
from mapping.parts import Asked

UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
RESPONSE: Final = re.compile(r"(resp|chatcmpl|msg)[_-]")


def session_of(reading: Reading) -> str | None:
    """Give the session that a record names itself."""
    told = reading.text("identity.session_id")
    check = SESSIONS.get(reading.origin.emitter.id)
    return told if told is not None and (check is None or check(told)) else None


def kind_by(reading: Reading, kind: str) -> str:
    """Give the kind that the record's values decide."""
    decide = KINDS.get(reading.origin.emitter.id)
    return decide(reading, kind) if decide else kind


def asked_by(reading: Reading, asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
    """Give calls the ids that the record has beside the messages, where those have the ids of items instead."""
    told = reading.record.attributes.get("gen_ai.tool.call.id")
    ids = told.split(", ") if reading.origin.emitter.id == "openlit" and isinstance(told, str) else ()
    if len(ids) != len(asked):
        return asked
    return tuple(replace(call, call_id=call_id) for call, call_id in zip(asked, ids, strict=True))


def _codex_kind(reading: Reading, kind: str) -> str:
    """Of the events and spans for each part of a stream only the one that counts the tokens is the call."""
    attributes = reading.record.attributes
    if kind == "sse":
        return "llm" if "input_token_count" in attributes else "other"
    if kind == "llm":
        return "llm" if "gen_ai.usage.input_tokens" in attributes else "other"
    return kind


SESSIONS: Final[dict[str, Callable[[str], bool]]] = {
    "codex": lambda told: UUID.fullmatch(told) is not None,
    "maf": lambda told: RESPONSE.match(told) is None,
}
"""Codex has the number of a worker thread under the session's key, the agent framework a response's id."""
KINDS: Final[dict[str, Callable[[Reading, str], str]]] = {"codex": _codex_kind}
