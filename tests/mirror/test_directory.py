"""Mirror `mirror.directory`: whatever lies in a session directory, reading neither waits, nor follows, nor writes."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mirror.directory import look, read
from mirror.json_text import Unreadable
from mirror.session import Document
from tests.support import sessions

MAX = 100_000
NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up being root, whom no mode keeps out, for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a session directory."""
    made = sessions.save(tmp_path / "2026-02-16_some_j3ehqn")
    (made / "spec.md").write_text("intro\n# The title \n# Another\n")
    (made / "plan.json").write_text('{"checkpoints": []}')
    (made / "picture.png").write_bytes(b"\x89PNG")
    (made / "research").mkdir()
    return made


def test_what_is_read(directory: Path) -> None:
    """The state, the plan, and the names, sizes and titles of what stands beside them."""
    held, listing = read(str(directory), max_bytes=MAX)

    assert (directory / "state.json").read_bytes() == held.state
    assert (directory / "state.json").stat().st_mtime_ns == held.modified_ns
    assert b'{"checkpoints": []}' == held.plan
    names = {one.name: one.title for one in held.documents}
    assert {"picture.png": None, "plan.json": None, "spec.md": "The title"} == names
    spec = (directory / "spec.md").stat()
    assert Document("spec.md", spec.st_size, spec.st_mtime_ns, "The title") in held.documents
    assert listing == look(str(directory))


def test_a_change_looks_different(directory: Path) -> None:
    """Any file that is written, made or removed shows in the listing."""
    listings = [look(str(directory))]
    (directory / "state.json").write_text("{}")
    listings.append(look(str(directory)))
    (directory / "notes.md").touch()
    listings.append(look(str(directory)))
    (directory / "spec.md").unlink()
    listings.append(look(str(directory)))

    assert 4 == len({listing.signature for listing in listings})
    assert listings[1].newest_ns == (directory / "state.json").stat().st_mtime_ns


def test_nothing_is_touched(directory: Path) -> None:
    """A directory that nobody may write to is read, and afterwards everything is as it was: times, modes, bytes."""
    for path in (*directory.iterdir(), directory):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for folder in directory.parents:
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o111)
    before = sessions.snapshot(directory)
    with as_nobody():
        read(str(directory), max_bytes=MAX)
    read(str(directory), max_bytes=MAX)

    assert before == sessions.snapshot(directory)
    directory.chmod(0o755)


def _replaced(directory: Path) -> Path:
    state = directory / "state.json"
    state.unlink()
    return state


def _a_link_to(target: str) -> Callable[[Path], None]:
    return lambda directory: _replaced(directory).symlink_to(target)


TROUBLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (_replaced, "state.json cannot be opened: No such file"),
    "a directory": (lambda directory: _replaced(directory).mkdir(), "state.json is no regular file"),
    "a pipe": (lambda directory: os.mkfifo(_replaced(directory)), "state.json is no regular file"),
    "a link": (_a_link_to("spec.md"), "state.json is a symbolic link, which is not followed"),
    "a loop": (_a_link_to("state.json"), "state.json is a symbolic link, which is not followed"),
    "a link to a device": (_a_link_to("/dev/zero"), "state.json is a symbolic link"),
    "too large": (
        lambda directory: (directory / "state.json").write_bytes(b" " * (MAX + 1)),
        "state.json has 100001 bytes, more than sync.max_bytes allows",
    ),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_what_is_no_state(directory: Path, name: str) -> None:
    """What cannot be read as a file is told in one sentence, at once."""
    make, reason = TROUBLES[name]
    make(directory)

    with pytest.raises(Unreadable, match=reason):
        read(str(directory), max_bytes=MAX)


def test_no_permission(directory: Path) -> None:
    """A state that may not be read is told of as such, and a directory that may not be listed as well."""
    (directory / "state.json").chmod(0)
    for folder in directory.parents:
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o111)
    with as_nobody(), pytest.raises(Unreadable, match=r"state.json cannot be opened: Permission denied"):
        read(str(directory), max_bytes=MAX)
    directory.chmod(0)
    with as_nobody(), pytest.raises(Unreadable, match="cannot be opened: Permission denied"):
        look(str(directory))
    directory.chmod(0o755)


def test_a_directory_that_is_none(tmp_path: Path, directory: Path) -> None:
    """A path that is gone, a file or a link to a directory is no session directory."""
    (tmp_path / "link").symlink_to(directory)
    for path in (tmp_path / "gone", directory / "spec.md", tmp_path / "link"):
        with pytest.raises(Unreadable, match="cannot be opened"):
            read(str(path), max_bytes=MAX)


def test_neighbours_cost_nothing(directory: Path) -> None:
    """The state is read whatever is beside it: a plan that is a pipe, a document of an odd name, one that is closed."""
    (directory / "plan.json").unlink()
    os.mkfifo(directory / "plan.json")
    (directory / os.fsdecode(b"odd\xff.md")).write_text("# Odd")
    (directory / "secret.md").write_text("# Secret")
    (directory / "secret.md").chmod(0)
    held, _ = read(str(directory), max_bytes=MAX)

    assert held.plan is None
    assert "odd\N{REPLACEMENT CHARACTER}.md" in {one.name for one in held.documents}


def test_many_files(directory: Path) -> None:
    """Of very many files the first are listed, the state always."""
    for number in range(100):
        (directory / f"aaa{number}.txt").touch()
    held, _ = read(str(directory), max_bytes=MAX)

    assert 49 == len(held.documents)
