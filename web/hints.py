"""Say how each runtime is pointed here: the lines to paste, from the descriptions of runtimes that mapping keeps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

import mapping
from web.asking import Asked

FOLDER: Final = Path(mapping.__file__).parent / "runtimes"
KINDS: Final = ("sdk", "program", "library")
"""Any program first, then finished programs, then libraries."""
DEFAULT_GRPC: Final = re.compile(r"\b(127\.0\.0\.1:|localhost:)?4317\b")
DEFAULT_HTTP: Final = re.compile(r"\b(127\.0\.0\.1:|localhost:)?4318\b")


@dataclass(frozen=True, slots=True)
class Setting:
    """Hold lines to paste, and where."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Hint:
    """Hold how one runtime is pointed here, and what makes it tell more."""

    id: str
    name: str
    kind: str
    settings: Sequence[Setting]
    gates: Sequence[tuple[str, str]]


def hints(asked: Asked) -> list[Hint]:
    """List how runtimes are pointed to this daemon's own addresses."""
    grpc, http = asked.daemon.grpc() or "127.0.0.1:4317", asked.daemon.http() or "127.0.0.1:4318"
    return [_hint(told, grpc, http) for told in _told()]


def _hint(told: dict[str, Any], grpc: str, http: str) -> Hint:
    settings = [
        Setting(_here(one["title"].replace("`", ""), grpc, http), _here("\n".join(one["text"]), grpc, http))
        for one in told["settings"]
    ]
    gates = [(one["set"], one["sends"].replace("`", "")) for one in told.get("gates", ())]
    return Hint(told["id"], told["name"], told["kind"], settings, gates)


def _here(text: str, grpc: str, http: str) -> str:
    """Put the addresses in force where the usual ones stand."""
    return _told_at(DEFAULT_HTTP, http, _told_at(DEFAULT_GRPC, grpc, text))


def _told_at(usual: re.Pattern[str], address: str, text: str) -> str:
    return usual.sub(lambda found: address if found[1] else address.rpartition(":")[2], text)


@cache
def _told() -> list[dict[str, Any]]:
    found = [orjson.loads(path.read_bytes()) for path in FOLDER.glob("*.json")]
    return sorted(found, key=lambda one: (KINDS.index(one["kind"]) if one["kind"] in KINDS else 9, one["name"].lower()))
