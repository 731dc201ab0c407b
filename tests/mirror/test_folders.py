"""Mirror `mirror.folders`: sessions and the folders above them are watched, newest first, within a bound."""

from pathlib import Path

import pytest

from mirror import folders
from mirror.books import Books, Known


def put(root: Path, *names: str) -> Books:
    """Make folders of sessions, each changed later than the one before."""
    held = Books()
    for at, name in enumerate(names):
        (root / name).mkdir(parents=True)
        held.sessions[str(root / name)] = Known(name, "", f"2026-01-0{at + 1}", "p")
    return held


def test_what_is_watched(tmp_path: Path) -> None:
    """The root, every session that is there or broken, hopeful folders, and what is between; nothing above the root."""
    root = tmp_path / "shop"
    held = put(root, "agents/sessions/a", "agents/sessions/b", "gone/c")
    held.sessions[str(root / "gone/c")].missing = True
    (root / "broken/d").mkdir(parents=True)
    held.troubles[str(root / "broken/d")] = "is empty"
    (root / "new").mkdir()
    wanted = ("", "agents", "agents/sessions", "agents/sessions/a", "agents/sessions/b", "broken", "broken/d", "new")

    found = folders.chosen([root], [root / "new", root / "went"], held)
    assert {str(root / name): (root / name).stat().st_ino for name in wanted} == found


def test_the_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than can be watched the newest are."""
    held = put(tmp_path, "a", "b", "c", "d")
    monkeypatch.setattr(folders, "MOST", 3)

    assert [str(tmp_path / name) for name in ("", "d", "c")] == list(folders.chosen([tmp_path], [], held))


def test_roots_in_roots(tmp_path: Path) -> None:
    """Of roots in each other the inner one counts."""
    assert tmp_path / "a" == folders.root_of(tmp_path / "a/b", [tmp_path, tmp_path / "a"])
    assert folders.root_of(Path("/elsewhere"), [tmp_path]) is None


def test_numbers(tmp_path: Path) -> None:
    """Only folders have a number."""
    (tmp_path / "file").touch()

    assert (0, 0) == (folders.number(tmp_path / "file"), folders.number(tmp_path / "none"))
    assert folders.number(tmp_path)
