"""Files: whole lines, new ones when full, and nothing that a crash tore off."""

from itertools import count
from pathlib import Path

import orjson
import pytest

from core.errors import TryAgain
from exporters.files import TAIL, FileExporter
from schema.signals import Signal

REQUEST = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "é" * 100}]}]}]}
LINE = orjson.dumps(REQUEST) + b"\n"


def exporter(folder: Path, *, max_bytes: int = 1 << 20, max_files: int = 10) -> FileExporter:
    """Write to a folder; full files are numbered."""
    numbers = count()
    return FileExporter(folder, max_bytes=max_bytes, max_files=max_files, stamp=lambda: f"{next(numbers):04d}")


def test_each_request_is_a_line_of_its_signals_file(tmp_path: Path) -> None:
    """It is there when `send` returns; only the owner may read it."""
    files = exporter(tmp_path / "out")
    files.send(Signal.TRACES, REQUEST)
    files.send(Signal.TRACES, REQUEST)
    files.send(Signal.LOGS, {})

    assert LINE * 2 == (tmp_path / "out" / "traces.jsonl").read_bytes()
    assert b"{}\n" == (tmp_path / "out" / "logs.jsonl").read_bytes()
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()}
    files.close()


def test_a_full_file_gives_way_and_the_oldest_go(tmp_path: Path) -> None:
    """Of each signal on its own."""
    files = exporter(tmp_path, max_bytes=1, max_files=2)
    for _ in range(5):
        files.send(Signal.TRACES, REQUEST)
    files.send(Signal.LOGS, {})
    files.close()

    assert ["logs-0005.jsonl", "traces-0003.jsonl", "traces-0004.jsonl"] == sorted(
        path.name for path in tmp_path.iterdir()
    )


@pytest.mark.parametrize("torn", [b"", LINE[:-1], LINE[:5], b"x" * (TAIL + 7)])
def test_a_torn_line_is_cut(tmp_path: Path, torn: bytes) -> None:
    """However long it is; whole lines stay."""
    (tmp_path / "traces.jsonl").write_bytes(LINE + torn)
    files = exporter(tmp_path, max_bytes=1 << 30)
    files.send(Signal.TRACES, REQUEST)
    files.close()

    assert LINE * 2 == (tmp_path / "traces.jsonl").read_bytes()


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """The trouble names it; once it is mended the same goes through."""
    blocked = tmp_path / "out"
    blocked.write_text("a file")
    files = exporter(blocked)
    with pytest.raises(TryAgain, match="out cannot be written: "):
        files.send(Signal.TRACES, REQUEST)
    blocked.unlink()
    files.send(Signal.TRACES, REQUEST)
    files.close()

    assert LINE == (blocked / "traces.jsonl").read_bytes()
