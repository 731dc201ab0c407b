"""Mirror `mirror.finding`: session directories are found, and nothing else is taken for one."""

import os
from pathlib import Path

import pytest

from mirror import finding
from mirror.finding import Obstacle, find, is_below, scope
from tests.mirror.test_directory import as_nobody


def put(root: Path, *names: str) -> None:
    """Make directories with a state."""
    for name in names:
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "state.json").write_text("{}")


def found(root: Path) -> list[str]:
    """Give what is found, by name below the root."""
    return [os.path.relpath(one, root) for one in find(str(root)) if isinstance(one, str)]


def test_where_sessions_are(tmp_path: Path) -> None:
    """They are found at any place of a project, in order, but not in folders of other programs."""
    put(tmp_path, "agents/sessions/b", "agents/sessions/a", ".claude/sessions/c", "node_modules/x", ".git/y", "deep/z")

    assert [".claude/sessions/c", "agents/sessions/a", "agents/sessions/b", "deep/z"] == found(tmp_path)


def test_below_a_session(tmp_path: Path) -> None:
    """What stands in a session directory is a part of it, except sessions in a folder of that name."""
    put(tmp_path, "s", "s/research/r", "s/sessions/t", "s/sessions/t/debug/d")

    assert ["s", "s/sessions/t"] == found(tmp_path)


def test_a_path_that_is_a_session(tmp_path: Path) -> None:
    """A path may be a session directory itself, or not be there at all."""
    put(tmp_path, "sessions/a")

    assert ["."] == found(tmp_path / "sessions/a")
    assert [] == found(tmp_path / "nowhere")
    assert [] == found(tmp_path / "sessions/a/state.json")


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link to a directory, out of the root or round in a circle, leads nowhere."""
    put(tmp_path, "outside/s")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/out").symlink_to(tmp_path / "outside")
    (tmp_path / "root/round").symlink_to(tmp_path / "root")

    assert [] == found(tmp_path / "root")


def test_obstacles(tmp_path: Path) -> None:
    """A folder that may not be listed and a name that is not text are told of, and cost the others nothing."""
    put(tmp_path, "a", "closed/b", os.fsdecode(b"odd\xff"))
    (tmp_path / "closed").chmod(0)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o111)
    tmp_path.chmod(0o755)
    with as_nobody():
        told = list(find(str(tmp_path)))
    (tmp_path / "closed").chmod(0o755)

    assert str(tmp_path / "a") in told
    reasons = {Path(one.path).name: one.reason for one in told if isinstance(one, Obstacle)}
    assert {
        "closed": "cannot be listed: Permission denied",
        "odd\N{REPLACEMENT CHARACTER}": "has a name that is not UTF-8",
    } == reasons


def test_too_many_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path with more folders than anybody has in a project is given up, and told of."""
    monkeypatch.setattr(finding, "MOST", 5)
    put(tmp_path, *(f"s{number}" for number in range(9)))
    told = list(find(str(tmp_path)))

    assert isinstance(told[-1], Obstacle)
    assert "has more than 5 folders" in told[-1].reason


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ("sessions/a/state.json", "sessions/a"),
        ("sessions/a", "sessions/a"),
        ("sessions/a/research/r/state.json", "sessions/a"),
        ("sessions/a/sessions/b/state.json", "sessions/a/sessions/b"),
        ("sessions", "."),
        ("sessions/a/gone", "sessions/a"),
        (".", "."),
    ],
)
def test_what_a_change_is_about(tmp_path: Path, changed: str, wanted: str) -> None:
    """A change is about the session directory around it, else its folder, or where another program's state is."""
    put(tmp_path, ".", "sessions/a", "sessions/a/research/r", "sessions/a/sessions/b")

    assert wanted == os.path.relpath(scope(tmp_path / changed, tmp_path), tmp_path)


def test_below() -> None:
    """A folder is below itself; a name that only begins the same is not."""
    assert is_below("/a/b", "/a/b")
    assert is_below("/a/b/c", "/a/b")
    assert is_below("/a", "/")
    assert not is_below("/a/bc", "/a/b")
