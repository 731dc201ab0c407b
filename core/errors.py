"""Name every way in which work can fail.

```
SpanledgerError
├── Refused                 the sender must not try again
│   ├── Undecodable         the body is not what it says it is
│   ├── NothingAccepted     every item of the request was refused
│   ├── TooLarge            over a limit that will not change
│   ├── UnsupportedMedia    content type or coding we do not speak
│   ├── NotAcceptable       an answer is wanted in a form that we do not write
│   ├── Invalid             understood, and not what is wanted here
│   ├── Missing             what is asked for is not there
│   ├── Ambiguous           several things are called like what is asked for
│   ├── TooLong             answering takes longer than anybody may wait
│   ├── UnknownPath         no such endpoint
│   ├── WrongMethod         the endpoint exists, the method does not
│   ├── Unauthenticated     no or bad credentials
│   ├── Forbidden           known, but not allowed
│   ├── TooOften            wrong again and again, from one address
│   └── TooSlow             the body did not arrive in time
├── TryAgain                the sender should send the same again
│   ├── Overloaded          too much is under way
│   ├── RateLimited         one sender asks for more than its share
│   ├── StoreBusy           the database cannot take it now
│   ├── DiskFull            the disk has no room
│   └── Stopping            the daemon is going away
└── Misconfigured           the program cannot start like this
    └── AlreadyRunning      another process holds the database or the port
```

A message says what happened, to what, and what to do next.
"""

from collections.abc import Mapping
from typing import Any


class SpanledgerError(Exception):
    """Base of every error that this program raises on purpose."""


class Refused(SpanledgerError):
    """Refuse for good: the sender must not send the same again; `told` is what programs are told beside the message."""

    reason = "refused"

    def __init__(self, message: str = "", *, told: Mapping[str, Any] | None = None) -> None:
        """Keep what is told."""
        super().__init__(message)
        self.told = told or {}


class Undecodable(Refused):
    """Refuse a body that is not what its content type says."""

    reason = "undecodable"


class NothingAccepted(Refused):
    """Refuse a request of which no item could be kept (otlp.md R12)."""

    reason = "nothing_accepted"


class TooLarge(Refused):
    """Refuse what is over a limit."""

    reason = "too_large"


class UnsupportedMedia(Refused):
    """Refuse a content type or content coding that we do not speak."""

    reason = "unsupported_media"


class NotAcceptable(Refused):
    """Refuse to answer in a form that we do not write."""

    reason = "not_acceptable"


class Invalid(Refused):
    """Refuse values that are not what is wanted: the message says which, what it is and what is wanted."""

    reason = "invalid"


class Missing(Refused):
    """Refuse what is about something that is not there."""

    reason = "missing"


class Ambiguous(Refused):
    """Refuse what several things are called by: the message says how to name one."""

    reason = "ambiguous"


class TooLong(Refused):
    """Refuse what takes longer than anybody may wait: asking the same again would take as long."""

    reason = "too_long"


class UnknownPath(Refused):
    """Refuse a path that leads nowhere."""

    reason = "unknown_path"


class WrongMethod(Refused):
    """Refuse a method that the endpoint does not have."""

    reason = "wrong_method"


class Unauthenticated(Refused):
    """Refuse a sender without valid credentials."""

    reason = "unauthenticated"


class Forbidden(Refused):
    """Refuse a sender who is known but not allowed."""

    reason = "forbidden"


class TooOften(Refused):
    """Refuse an address that showed too many wrong credentials."""

    reason = "too_often"


class TooSlow(Refused):
    """Refuse a body that did not arrive in time."""

    reason = "too_slow"


class TryAgain(SpanledgerError):
    """Ask the sender to send the same again after `retry_after_s` seconds."""

    reason = "try_again"

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        """Keep the delay; clients give up at once when it exceeds their own deadline (otlp.md, fact 3)."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Overloaded(TryAgain):
    """Too much is under way."""

    reason = "overloaded"


class RateLimited(TryAgain):
    """One sender makes more requests than it may."""

    reason = "rate_limited"


class StoreBusy(TryAgain):
    """The database cannot take the batch now."""

    reason = "store_busy"


class DiskFull(TryAgain):
    """The disk has no room for the batch."""

    reason = "disk_full"


class Stopping(TryAgain):
    """The daemon is going away; its successor will take the batch."""

    reason = "stopping"


class Misconfigured(SpanledgerError):
    """Stop before starting: the settings or the surroundings do not allow it."""


class AlreadyRunning(Misconfigured):
    """Stop before starting: another process holds the database or the port."""
