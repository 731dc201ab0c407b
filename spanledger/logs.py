"""Set logging up, once: one record is one line, for people on a terminal and JSON elsewhere.

Telemetry's content is never logged; what comes from outside is cut and made harmless all the same.
The standard library's loggers (aiohttp, grpc, asyncio) go through the same formatter.
"""

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog

from spanledger.config import Logs
from spanledger.terminal import plain

MAX_VALUE_BYTES = 512
MAX_FRAMES = 8
THIRD_PARTY = ("aiohttp", "asyncio", "grpc", "opentelemetry", "urllib3")
SELDOM_S = 60.0
MAX_KINDS = 256
"""How many kinds of records are told apart; what is made of a peer's words must not fill the memory."""

Event = MutableMapping[str, Any]
Clock = Callable[[], float]
Kind = tuple[str, str, object]


def set_up(settings: Logs, *, stream: TextIO | None = None, clock: Clock = time.monotonic) -> None:
    """Send every logger of the process through one formatter to standard error."""
    target = stream or sys.stderr
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC's core writes to the descriptor itself, past every formatter
    handler = logging.StreamHandler(target)
    handler.setFormatter(_formatter(settings, tty=target.isatty()))
    handler.addFilter(Seldom(clock=clock))
    level = settings.level.upper()
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for name in THIRD_PARTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    _route_structlog()


def warn(lines: Iterable[str]) -> None:
    """Log what is unwise in the configuration."""
    for line in lines:
        structlog.get_logger("spanledger.config").warning(line)


class Seldom(logging.Filter):
    """Let a kind of record of third parties through at most once a minute; the next one says how many were held back.

    It must stand on the handler: the filters of a logger do not see what the loggers below it write.
    """

    def __init__(self, *, every_s: float = SELDOM_S, clock: Clock) -> None:
        """Know no record yet; `clock` gives seconds."""
        super().__init__()
        self._every_s = every_s
        self._clock = clock
        self._kinds: dict[Kind, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written, and count it if not."""
        if record.name.partition(".")[0] not in THIRD_PARTY:
            return True
        kind, now = _kind(record), self._clock()
        told_at, held_back = self._kinds.get(kind, (now - self._every_s, 0))
        if now - told_at < self._every_s:
            self._kinds[kind] = told_at, held_back + 1
            return False
        if held_back:
            record.held_back = held_back
        self._remember(kind, now)
        return True

    def _remember(self, kind: Kind, now: float) -> None:
        self._kinds.pop(kind, None)
        if len(self._kinds) >= MAX_KINDS:
            self._kinds.pop(next(iter(self._kinds)), None)  # told longest ago
        self._kinds[kind] = now, 0


def _kind(record: logging.LogRecord) -> Kind:
    """Tell by logger, first line of the template, and error; asyncio lists particulars on the lines after."""
    error = record.exc_info[0] if record.exc_info else None
    return record.name, str(record.msg).partition("\n")[0], error


def _route_structlog() -> None:
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _formatter(settings: Logs, *, tty: bool) -> logging.Formatter:
    for_people = settings.format == "console" or (settings.format == "auto" and tty)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            one_line_exception,
            harmless,
            _console(tty=tty) if for_people else _json,
        ],
        use_get_message=True,
    )


def one_line_exception(_logger: object, _method: str, event: Event) -> Event:
    """Replace exception information by what went wrong and where, innermost frame first."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error is not None:
        event["error"] = f"{type(error).__name__}: {error}"
        event["at"] = _frames(error.__traceback__)
    return event


def _frames(trace: TracebackType | None) -> str:
    frames = reversed(traceback.extract_tb(trace))
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return " < ".join(places[:MAX_FRAMES])


def harmless(_logger: object, _method: str, event: Event) -> Event:
    """Cut every value, and escape what could break the line or drive a terminal."""
    return {plain(str(key)): _harmless(value) for key, value in event.items()}


def _harmless(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    kept = text[:MAX_VALUE_BYTES].encode("utf-8", "replace")
    if len(kept) <= MAX_VALUE_BYTES and len(text) <= MAX_VALUE_BYTES:
        return plain(kept.decode())
    return plain(kept[:MAX_VALUE_BYTES].decode("utf-8", "ignore")) + "…"


def _json(_logger: object, _method: str, event: Event) -> str:
    first = {key: event.pop(key) for key in ("time", "level", "event", "logger") if key in event}
    return str(structlog.processors.JSONRenderer(ensure_ascii=False)(None, "", first | dict(event)))


def _console(*, tty: bool) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=tty, timestamp_key="time", pad_event_to=0)
