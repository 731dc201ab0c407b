"""Mirror `mirror.watching`: changes in watched folders are told, and trouble is outlived."""

from collections.abc import Collection, Iterator
from pathlib import Path
from queue import Queue
from threading import Event

import pytest

from mirror.watching import Watching
from tests.support.wait import until

WITHIN_S = 30


def numbered(folder: Path) -> dict[str, int]:
    """Give a folder with its number."""
    return {str(folder): folder.stat().st_ino}


def _cannot(*_folders: str, **_how: object) -> None:
    raise OSError("no room for more")


@pytest.fixture
def told() -> Queue[str]:
    """Hold what is told."""
    return Queue()


@pytest.fixture
def began() -> Event:
    """Say when a set of folders is watched."""
    return Event()


@pytest.fixture
def watching(told: Queue[str], began: Event) -> Iterator[Watching]:
    """Run a watch."""

    def tell(paths: Collection[str]) -> None:
        for path in paths:
            told.put(path)

    made = Watching(tell, began.set)
    made.start()
    yield made
    made.stop()


def test_changes_are_told(watching: Watching, told: Queue[str], began: Event, tmp_path: Path) -> None:
    """A file that appears is told of; after a switch the new folders are watched and no others."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        began.clear()
        watching.only(numbered(tmp_path / name))
        assert began.wait(WITHIN_S)
        (tmp_path / name / "state.json").touch()

        assert str(tmp_path / name / "state.json") == told.get(timeout=WITHIN_S)
    (tmp_path / "one" / "unseen").touch()
    (tmp_path / "two" / "seen").touch()
    until(lambda: str(tmp_path / "two" / "seen") in told.queue, within_s=WITHIN_S)
    assert str(tmp_path / "one" / "unseen") not in told.queue


def test_another_folder_of_the_same_name(watching: Watching, told: Queue[str], began: Event, tmp_path: Path) -> None:
    """A folder that takes the place of another is watched in its stead."""
    (tmp_path / "one").mkdir()
    watching.only(numbered(tmp_path / "one"))
    assert began.wait(WITHIN_S)
    (tmp_path / "one").rename(tmp_path / "aside")
    (tmp_path / "one").mkdir()
    began.clear()
    watching.only(numbered(tmp_path / "one"))
    assert began.wait(WITHIN_S)
    (tmp_path / "one" / "state.json").touch()

    until(lambda: str(tmp_path / "one" / "state.json") in told.queue, within_s=WITHIN_S)


def test_trouble_is_outlived(
    watching: Watching,
    began: Event,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When folders cannot be watched that is told once; the next set is tried, without what is gone."""
    with monkeypatch.context() as broken:
        broken.setattr("watchfiles.watch", _cannot)
        watching.only({str(tmp_path / "gone"): 1})
        until(lambda: "cannot be watched (no room for more)" in caplog.text, within_s=WITHIN_S)
    watching.only({str(tmp_path / "gone"): 1, **numbered(tmp_path)})

    assert began.wait(WITHIN_S)
