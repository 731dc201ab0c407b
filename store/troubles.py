"""Tell SQLite's errors in our own words, as what the sender or the reader should do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw

from core.errors import DiskFull, Refused, StoreBusy, TooLong

OF_THE_STORE = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.InterruptError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)
"""Troubles of the database or the machine, never of what is written or asked."""


@contextmanager
def writing(*, filled: Callable[[], None]) -> Iterator[None]:
    """Raise TryAgain for the store's troubles, after calling `filled` when the disk is full; let others pass."""
    try:
        yield
    except apsw.FullError as error:
        filled()
        raise DiskFull(f"the disk is full ({error}); make room, and telemetry is taken again") from error
    except OF_THE_STORE as error:
        raise StoreBusy(f"the database cannot be written now: {type(error).__name__}: {error}") from error


@contextmanager
def reading(*, deadline_s: float) -> Iterator[None]:
    """Raise Refused for what will not work next time either, TryAgain for the store's troubles."""
    try:
        yield
    except apsw.InterruptError as error:
        raise TooLong(f"the query ran longer than {deadline_s:g} s; ask for less") from error
    except OF_THE_STORE as error:
        raise StoreBusy(f"the database cannot be read now: {type(error).__name__}: {error}") from error
    except apsw.AuthError as error:
        raise Refused("only reading is allowed; write one select statement") from error
    except apsw.Error as error:
        raise Refused(f"the query does not work: {error}") from error
    except UnicodeDecodeError as error:
        raise Refused("the result holds text that is not UTF-8; select the column as it is stored") from error
