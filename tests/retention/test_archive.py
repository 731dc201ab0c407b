"""What is deleted was archived, exactly, and comes back; what cannot be archived is not deleted."""

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from retention.archive import Archive
from retention.config import Retention
from schema.decode import decode
from spanledger import recordings
from store.archives import FORMATS, NEEDS
from store.arrow import is_there
from store.config import Store
from store.old import SqliteOldSide
from store.sqlite import SqliteWriteSide
from tests.retention.kept import NOW, Kept

MONTH = Retention.model_validate({"raw": "30d", "content": "forever"})
EXACT = {
    "raw_spans": "trace_id, span_id, name, kind, attributes, events, links, start_time_unix_nano, status_code",
    "raw_logs": "sort_time, fingerprint, body, attributes, event_name, trace_id",
    "raw_points": "sort_time, fingerprint, name, value, sum, data, attributes",
}


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Make a database with records of 40 and of 39 days ago."""
    made = Kept(tmp_path / "db")
    made.receive("claude-code-both", days_ago=40)
    made.receive("gemini-cli-http", days_ago=39)
    return made


def archived(kept: Kept, folder: Path, *, named: str = "jsonl.gz", **how: Any) -> list[str]:
    """Go a round with an archive, and give what went wrong."""
    side = SqliteOldSide(kept.path)
    try:
        return kept.round(MONTH, archive=Archive(folder, side, NOW, FORMATS[named]), **how)[1]
    finally:
        side.close()


def held(kept: Kept) -> dict[str, list[tuple[Any, ...]]]:
    """Read what senders said, in an order of its own."""
    return {table: sorted(kept.rows(f"select {columns} from {table}"), key=repr) for table, columns in EXACT.items()}


NAMES = [
    pytest.param(
        name, marks=pytest.mark.skipif(name in NEEDS and not is_there(), reason="pyarrow is missing, NOT tested")
    )
    for name in FORMATS
]


@pytest.mark.parametrize("named", NAMES)
def test_what_went_comes_back(kept: Kept, tmp_path: Path, named: str) -> None:
    """All records are gone from the database, are in private files by day, and are the same once imported again."""
    with kept:
        before = held(kept)
        assert [] == archived(kept, tmp_path / "archive", named=named)
        assert 0 == kept.count("raw_spans") + kept.count("raw_logs") + kept.count("raw_points")
        files = sorted((tmp_path / "archive").rglob(f"*.{named}"))
        assert {"2026-10-12", "2026-10-13"} == {path.parent.name for path in files}
        assert {0o600} == {path.stat().st_mode & 0o777 for path in files}
        listed = kept.rows("select file, rows, bytes from archives order by file")
        assert [str(path.relative_to(tmp_path / "archive")) for path in files] == [file for file, _, _ in listed]
        assert [path.stat().st_size for path in files] == [size for _, _, size in listed]

        side = SqliteWriteSide(Store(path=tmp_path / "again.db", reserve=0))
        for path, _ in recordings.find((str(tmp_path / "archive"),)):
            for one in recordings.read(path):
                side.commit([decode(one.signal, one.encoding, one.body, transport="archive", received_at=NOW)])
        side.close()
        again = Kept.__new__(Kept)
        again.path = tmp_path / "again.db"
        assert before == held(again)


def test_what_cannot_be_archived_stays(kept: Kept, tmp_path: Path) -> None:
    """With something in the archive's way nothing is deleted, and it is said; later all goes on."""
    folder = tmp_path / "archive"
    folder.write_text("in the way")
    with kept:
        before = kept.count("raw_spans"), kept.count("raw_logs")
        troubles = archived(kept, folder)

        assert any("cannot be written" in line for line in troubles)
        assert before == (kept.count("raw_spans"), kept.count("raw_logs"))
        assert kept.rows("select count(*) from sweeps where trouble like '%cannot be written%'")[0][0] > 0
        folder.unlink()
        assert [] == archived(kept, folder)
        assert 0 == kept.count("raw_spans")


def test_a_file_that_reads_otherwise_is_no_archive(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk gives back is counted before anything is deleted."""
    real = gzip.open

    def forgetful(path: Any, mode: str, **how: Any) -> Any:
        if mode == "rb":
            os.truncate(path, Path(path).stat().st_size // 2)
        return real(path, mode, **how)

    with kept:
        before = kept.count("raw_spans")
        monkeypatch.setattr("store.archives.gzip.open", forgetful)
        troubles = archived(kept, tmp_path / "archive")

        assert troubles
        assert before == kept.count("raw_spans")
        assert not list((tmp_path / "archive").rglob("*.gz"))
