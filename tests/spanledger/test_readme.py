"""Prove that what the README shows is what happens."""

import re
import shlex
from pathlib import Path

import pytest

from tests.support.process import command, ready_process
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
CALLS = "select count(*) as n from model_calls"
EXAMPLE = re.compile(r"^\$ (spanledger sql .+)\n((?:.+\n)+?)```$", re.MULTILINE)


def test_queries(tmp_path: Path) -> None:
    """Each query of the README gives the output that stands below it."""
    examples = EXAMPLE.findall((ROOT / "README.md").read_text("utf-8"))
    with ready_process(tmp_path / "x.db") as daemon:
        assert command("demo", "--db", str(daemon.db))[0] == 0
        until(lambda: '"n":9' in command("sql", "--json", CALLS, "--db", str(daemon.db))[1].replace(" ", ""))
        for line, expected in examples:
            _, *arguments = shlex.split(line)
            assert (0, expected, "") == command(*arguments, "--db", str(daemon.db))

    assert len(examples) == 3


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links(page: str) -> None:
    """Each page that a page leads to is there."""
    targets = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text("utf-8"))

    assert [] == [target for target in targets if not target.startswith("https://") and not (ROOT / target).exists()]
