"""What docs/threats.md says is shown by tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_that_is_named_exists() -> None:
    """Each line names one, and it is there under that name."""
    text = (ROOT / "docs" / "threats.md").read_text("utf-8")
    named = NAMED.findall(text)
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| what", "| ---"))]
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")]

    assert [] == missing
    assert lines
    assert [] == [line for line in lines if not NAMED.search(line)]
