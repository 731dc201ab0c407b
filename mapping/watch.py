"""Say what is watched for changes that an update brings: which keys matter, and whose they are (`watch.json`).

A program is watched by its own version. A library is watched by its scope in each service that uses it, for that
has a version of its own, several libraries speak one dialect, and each service uses one in its way.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mapping.emitters import Origin
from mapping.fields import keys_of
from mapping.record import Record

TYPES: Final[Mapping[type, str]] = {
    str: "text",
    int: "whole",
    float: "number",
    bool: "truth",
    list: "list",
    dict: "object",
}
"""What a value is, by its JSON type; a null says nothing."""
DIGITS: Final = re.compile(r"\d+")
LONGEST: Final = 120
NAMELESS: Final = "log"


def source_of(record: Record, emitter: str) -> tuple[str, str]:
    """Name who made a record, a program or a library in a service, and its version, empty when it says none."""
    version, service = (told_by(record, key) for key in ("service.version", "service.name"))
    if emitter in PROGRAMS:
        return emitter, bounded(version or record.scope_version)
    if not record.scope:
        return bounded(f"{emitter} in {service}" if service else emitter), bounded(version)
    return bounded(f"{record.scope} in {service}" if service else record.scope), bounded(record.scope_version)


def told_by(record: Record, key: str) -> str:
    """Give a text of a record's resource, empty when there is none."""
    told = record.resource.get(key)
    return told if isinstance(told, str) else ""


def name_of(record: Record, kind: str) -> str:
    """Name what a record is: of a span its kind, of a log record the event's name, with N for numbers."""
    return kind if record.is_span else normal(record.name) or NAMELESS


def normal(key: str) -> str:
    """Write a key or a name with N for each number, and not too long."""
    return bounded(DIGITS.sub("N", key))


def bounded(text: str) -> str:
    """Cut a text that is too long to be a name."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def fields_of(origin: Origin, *, is_span: bool) -> Mapping[str, str]:
    """Give the fields that matter by the attribute key that they are read from."""
    return _fields(origin.dialects, is_span)


@lru_cache(maxsize=1024)
def _fields(dialects: frozenset[str], is_span: bool) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for field in FIELDS:
        for key in keys_of(field, dialects, is_span):
            if not key.startswith("@"):
                found.setdefault(key.partition("#/")[0], field)
    return found


TABLE: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "watch.json").read_text())
PROGRAMS: Final = frozenset(TABLE["programs"])
FIELDS: Final[dict[str, str]] = TABLE["fields"]
"""The fields that matter, each in words."""
