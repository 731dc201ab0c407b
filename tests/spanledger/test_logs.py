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
