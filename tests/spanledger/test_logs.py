"""Prove that a record is one harmless line, whoever writes it."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from spanledger import logs
from spanledger.config import Logs


class Terminal(io.StringIO):
    """Be a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def set_up(stream: io.StringIO | None = None, **settings: Any) -> io.StringIO:
    """Send logs to a stream."""
    stream = stream or io.StringIO()
    logs.set_up(Logs(**settings), stream=stream)
    return stream


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_line() -> None:
    """Away from a terminal a record is one JSON object with its time, level, event and keys."""
    stream = set_up()

    structlog.get_logger().info("ready", grpc="127.0.0.1:4317", items=3, none=None)

    (record,) = records(stream)
    assert {"time", "level", "event", "logger", "grpc", "items", "none"} == set(record)
    assert ("info", "ready", 3, None) == (record["level"], record["event"], record["items"], record["none"])


def test_standard_loggers_have_the_same_shape() -> None:
    """Records of the standard library's loggers look the same; chatter of third parties is left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stream = set_up(level="debug")
        logging.getLogger("core.loop").info("job %s failed", "x", extra={"job": "watch"})
        logging.getLogger("aiohttp.server").info("chatter")
        warnings.warn("careful", UserWarning, stacklevel=1)

    first, second = records(stream)
    assert ("job x failed", "watch", "core.loop") == (first["event"], first["job"], first["logger"])
    assert "careful" in second["event"]


def test_level() -> None:
    """What is less severe than the level is not written."""
    stream = set_up(level="warning")

    structlog.get_logger().info("hidden")
    structlog.get_logger().warning("shown")

    assert ["shown"] == [record["event"] for record in records(stream)]


def test_values_are_cut() -> None:
    """No value is longer than 512 bytes, whatever it is made of."""
    stream = set_up()

    structlog.get_logger().info("x" * 5000, text="é" * 5000, listed=["y" * 5000])

    (record,) = records(stream)
    for value in (record["event"], record["text"], record["listed"]):
        assert len(value.rstrip("…").encode()) <= logs.MAX_VALUE_BYTES
        assert value.endswith("…")


@pytest.mark.parametrize("form", ["json", "console"])
def test_control_characters_are_escaped(form: str) -> None:
    """A record stays one line and drives no terminal."""
    stream = set_up(format=form)

    structlog.get_logger().info("a\nb", evil="\x1b[31m\x9b2J\u2028\r")
    logging.getLogger("other").warning("%s", "c\nd\x07")

    text = stream.getvalue()
    assert text.count("\n") == 2
    assert not {"\x1b", "\x9b", "\u2028", "\r", "\x07"} & set(text)


def test_error_is_one_line() -> None:
    """An error is told with its kind, message and place, on the record's own line."""
    stream = set_up()

    try:
        raise ValueError("two\nlines")
    except ValueError:
        structlog.get_logger().exception("failed")

    (record,) = records(stream)
    assert record["error"] == "ValueError: two\\nlines"
    assert "test_logs.py" in record["at"]


@pytest.mark.parametrize(("form", "stream", "is_json"), [("auto", Terminal(), False), ("json", Terminal(), True)])
def test_format(form: str, stream: io.StringIO, *, is_json: bool) -> None:
    """On a terminal people are written for, unless JSON is asked for."""
    set_up(stream, format=form)

    structlog.get_logger().info("ready")

    assert is_json == stream.getvalue().startswith("{")


class Clock:
    """Be a clock that is turned by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now_s


def record_of(name: str, message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    """Build a record of a logger."""
    info = (type(error), error, None) if error else None
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, message, values, info)


def test_third_parties_repeat_themselves_seldom() -> None:
    """A kind of record is written once a minute, and then with how many were held back."""
    clock = Clock()
    seldom = logs.Seldom(clock=clock)

    written = []
    for clock.now_s in (0, 1, 59, 60, 61, 130, 200):
        record = record_of("asyncio", "socket.accept() out of system resource\nsocket: %s")
        if seldom.filter(record):
            written.append((clock.now_s, getattr(record, "held_back", None)))

    assert [(0, None), (60, 2), (130, 1), (200, None)] == written


def test_kinds_are_told_apart() -> None:
    """Another logger, template or error is another kind; values and particulars are not, and our own are never held."""
    seldom = logs.Seldom(clock=Clock())
    given = [
        record_of("asyncio", "lost\nsocket: 1"),
        record_of("asyncio", "lost\nsocket: 2"),
        record_of("asyncio", "lost", error=OSError()),
        record_of("aiohttp.server", "lost"),
        record_of("grpc._server", "lost %s", 1),
        record_of("grpc._server", "lost %s", 2),
        record_of("core.loop", "lost"),
        record_of("core.loop", "lost"),
    ]

    assert [True, False, True, True, True, False, True, True] == [seldom.filter(record) for record in given]


def test_few_kinds_are_remembered() -> None:
    """However many kinds there are, a bounded number is remembered: those told last."""
    seldom = logs.Seldom(clock=Clock())
    for number in range(2 * logs.MAX_KINDS):
        seldom.filter(record_of("asyncio", str(number)))

    assert logs.MAX_KINDS == len(seldom._kinds)
    assert not seldom.filter(record_of("asyncio", str(2 * logs.MAX_KINDS - 1)))


def test_what_was_held_back_is_written() -> None:
    """The number of records held back stands in the line."""
    clock = Clock()
    stream = io.StringIO()
    logs.set_up(Logs(), stream=stream, clock=clock)
    for clock.now_s in (0, 1, 60):
        logging.getLogger("asyncio").error("out of files")

    assert [None, 1] == [record.get("held_back") for record in records(stream)]


def test_warnings_of_the_configuration() -> None:
    """What is unwise in the configuration is a warning."""
    stream = set_up()

    logs.warn(["x.toml: 100 % open"])

    (record,) = records(stream)
    assert ("warning", "x.toml: 100 % open") == (record["level"], record["event"])
