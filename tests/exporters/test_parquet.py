"""Parquet: a file for each request, with the same records in it, and the oldest files go."""

from itertools import count
from pathlib import Path

import orjson
import pytest

from core.errors import TryAgain
from exporters.config import Exporter
from exporters.parquet import ParquetExporter
from schema import encode
from schema.decode import decode
from schema.signals import Signal
from schema.unfold import items
from store.archives import FORMATS
from tests.support.corpus import source
from tests.support.derived import batches

pytest.importorskip(
    "pyarrow", reason="pyarrow is missing: install spanledger[parquet]; files in Parquet are NOT tested"
)


def exporter(folder: Path, *, max_files: int = 10) -> ParquetExporter:
    """Write to a folder; files are numbered."""
    numbers = count()
    return ParquetExporter(folder, max_files=max_files, stamp=lambda: f"{next(numbers):04d}")


def test_a_file_holds_a_request(tmp_path: Path) -> None:
    """Every record of every signal is read back as it was sent; only the owner may read the file."""
    seen = set()
    files = exporter(tmp_path / "out", max_files=1)
    for batch in batches(source("claude-code-both").requests):
        sent = list(encode.requests(batch.signal, items(batch)))
        for request in sent:
            files.send(batch.signal, request)
        (path,) = (tmp_path / "out").glob(f"{batch.signal}-*.parquet")
        told = FORMATS["parquet"].requests(path)
        again = [decode(batch.signal, "json", line, transport="t", received_at=batch.received_at) for line in told]
        last = decode(batch.signal, "json", encode_last(sent), transport="t", received_at=batch.received_at)
        assert [row for one in again for row in one.rows] == last.rows
        assert 0o600 == path.stat().st_mode & 0o777
        seen.add(batch.signal)

    assert set(Signal) == seen


def encode_last(requests: list[encode.Json]) -> bytes:
    """Write the last of some requests."""
    return orjson.dumps(requests[-1])


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """Nothing is lost while something is in the way."""
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(TryAgain, match="cannot be written"):
        exporter(tmp_path / "out").send(Signal.TRACES, {"resourceSpans": []})


def test_the_configuration_names_it(tmp_path: Path) -> None:
    """It is chosen by a word."""
    assert "parquet" == Exporter.model_validate({"kind": "files", "folder": tmp_path, "format": "parquet"}).format
