"""Put the named questions of `reports.sql` and its neighbours together, without conditions whose value is not given.

So each combination of filters is a statement of its own, which SQLite plans by the index that fits it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from store.queries import load

HERE: Final = Path(__file__).parent
JOINS: Final = load((HERE / "joins.sql").read_text())
LISTS: Final = load((HERE / "lists.sql").read_text())
BOOK: Final = load((HERE / "book.sql").read_text())
PAGES: Final = load((HERE / "pages.sql").read_text())
REPORTS: Final = {**load((HERE / "reports.sql").read_text()), **LISTS, **JOINS, **BOOK, **PAGES}
CONDITION: Final = "and "
_NAME: Final = re.compile(r":([a-z_]+)")
_PART: Final = re.compile(r"\n(?![ )])")
"""Where a clause begins: a line that is not indented."""


def question(name: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give a report's statement and what is bound in it; a value of None is not given.

    Raise KeyError for a report or a value that there is not.
    """
    known = names_in(REPORTS[name])
    if unknown := values.keys() - known:
        raise KeyError(f"{name} takes no {', '.join(sorted(unknown))}")
    given = frozenset(key for key, value in values.items() if value is not None)
    return _composed(name, given), {key: values.get(key) for key in known}


def names_in(text: str) -> frozenset[str]:
    """Name the values that a text of SQL takes."""
    return frozenset(_NAME.findall(text))


@lru_cache(maxsize=512)
def _composed(name: str, given: frozenset[str]) -> str:
    parts = _PART.split(REPORTS[name])
    return "\n".join(part for part in parts if not part.startswith(CONDITION) or names_in(part) <= given)
