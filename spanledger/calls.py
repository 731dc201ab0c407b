"""Call the book of work the way Python programs expect it: built-in errors, and the database that `DB_PATH` names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import Ambiguous, Invalid, Missing
from spanledger.hands import Database, track


def do(name: str, values: dict[str, Any], *, db: Database) -> Any:
    """Do a command and give the id of the row that it is about.

    Raise ValueError for values that are not what is wanted, KeyError with the key of what is not there,
    LookupError when several things are called like that.
    """
    with built_in_errors():
        return track(name, values, db=db)["id"]


@contextmanager
def built_in_errors() -> Iterator[None]:
    """Raise ValueError, KeyError and LookupError for our own errors (mapping.md F.4)."""
    try:
        yield
    except Missing as error:
        raise KeyError(error.told.get("key", str(error))) from error
    except Ambiguous as error:
        raise LookupError(str(error)) from error
    except Invalid as error:
        raise ValueError(str(error)) from error
