"""Mirror `mirror.projects`: a session belongs to what it says, else to the repository around it, else to its folder."""

from pathlib import Path

import pytest

from mirror import projects
from mirror.projects import Homes


@pytest.mark.parametrize(
    ("directory", "root", "wanted"),
    [
        ("repo/agents/sessions/a", "repo", "repo"),
        ("repo/agents/sessions/a", "repo/agents/sessions", "repo"),
        ("repo/agents/sessions/a", "repo/agents/sessions/a", "repo"),
        ("repo/inner/sessions/a", "repo", "repo/inner"),
        ("plain/.claude/sessions/a", "plain", "plain"),
        ("plain/.claude/sessions/a", "plain/.claude/sessions", "plain"),
        ("plain/.claude/sessions/a", "plain/.claude/sessions/a", "plain"),
    ],
)
def test_homes(tmp_path: Path, directory: str, root: str, wanted: str) -> None:
    """The nearest folder with a `.git`, a file in a worktree, is a project's; without one the shelves are left out."""
    for folder in ("repo/agents/sessions/a", "repo/inner/sessions/a", "plain/.claude/sessions/a"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "repo/.git").mkdir()
    (tmp_path / "repo/inner/.git").write_text("gitdir: elsewhere")
    homes = Homes()

    for _ in range(2):
        assert str(tmp_path / wanted) == homes.home(str(tmp_path / directory), str(tmp_path / root))


def test_keys() -> None:
    """What the session says comes first, then the key that the folder is known by, then the folder."""
    assert "shop" == projects.key("shop", "/src/shop", {"/src/shop": "other"})
    assert "other" == projects.key(None, "/src/shop", {"/src/shop": "other"})
    assert "/src/shop" == projects.key(None, "/src/shop", {})
