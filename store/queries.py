"""Load the named statements of `queries.sql`."""

import re
from collections.abc import Mapping
from pathlib import Path

_NAMED = re.compile(r"^-- name: (\w+)\n(?:-- .*\n)+([^;]+);$", re.MULTILINE)


def load(text: str) -> Mapping[str, str]:
    """Read statements by name."""
    return {found[1]: found[2] for found in _NAMED.finditer(text)}


def widen(statement: str, *, rows: int) -> str:
    """Make an insert of one row into one of several: a row costs a third less that way, and the interpreter is free."""
    head, values = statement.split("\nvalues ")
    return f"{head}\nvalues {', '.join([values] * rows)}"


QUERIES = load((Path(__file__).parent / "queries.sql").read_text())
