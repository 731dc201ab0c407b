"""Let in those who show a token that is for what they want."""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from access.tokens import ANYBODY, By, Grant, Scope, hashed
from core.errors import Forbidden, TooOften, Unauthenticated

FAILURES_A_SECOND: Final = 10
ADDRESSES: Final = 4096
"""Addresses whose failures are counted; the one that failed longest ago is forgotten first."""


class Gate:
    """Hold the grants; without any, everybody may do everything.

    `local` is shown by who may read the database's lock file, and so the database; it does not close the gate.
    `used` says when each token was last shown, Unix seconds. All methods belong to the event loop's thread.
    """

    def __init__(self, grants: Iterable[Grant] = (), *, local: Grant | None = None, clock: Callable[[], float]) -> None:
        """Begin with some grants; `clock` gives Unix seconds."""
        self.used: dict[str, float] = {}
        self._clock = clock
        self._local = local
        self._failures = Failures(clock)
        self._closed = False
        self._grants: dict[bytes, Grant] = {}
        self.put(grants)

    @property
    def closed(self) -> bool:
        """Say whether a token is needed."""
        return self._closed

    def put(self, grants: Iterable[Grant]) -> None:
        """Take other grants in place of those there are."""
        found = {grant.hash: grant for grant in grants}
        self._closed = bool(found)
        self._grants = found | ({self._local.hash: self._local} if self._local else {})

    def check(self, authorizations: Sequence[str], scope: Scope, address: str) -> By:
        """Say who shows the one bearer token in the Authorization headers, or that it could be anybody.

        Raise Unauthenticated for any other credentials (otlp.md S02), alike for unknown, expired and revoked ones,
        TooOften when an address shows them again and again, Forbidden when the token is for something else.
        """
        grant = self._shown(authorizations)
        if grant is None and not self._closed:
            return By(ANYBODY, address)
        if grant is None:
            if authorizations:
                self._failures.count(address)
            raise Unauthenticated("a bearer token is needed: Authorization: Bearer <token>")
        self.used[grant.id] = self._clock()
        if not grant.opens(scope):
            held = ", ".join(sorted(grant.scopes))
            raise Forbidden(f"this token is for {held}; what is asked for needs one for {scope}")
        return By(grant.id, address)

    def _shown(self, authorizations: Sequence[str]) -> Grant | None:
        scheme, _, shown = authorizations[0].partition(" ") if len(authorizations) == 1 else ("", "", "")
        given = hashed(shown.strip())
        grant = self._grants.get(given)
        same = hmac.compare_digest(grant.hash if grant else bytes(len(given)), given)
        if grant is None or not same or scheme.lower() != "bearer":
            return None
        return None if grant.expires_at is not None and grant.expires_at <= self._clock() else grant


class Failures:
    """Count wrong credentials that an address shows: ten a second are answered as what they are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with none; `clock` gives seconds."""
        self._clock = clock
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def count(self, address: str) -> None:
        """Count one more, or raise TooOften when the second has had its ten."""
        now = int(self._clock())
        second, count = self._counts.pop(address, (now, 0))
        count = count + 1 if second == now else 1
        self._counts[address] = now, count
        if len(self._counts) > ADDRESSES:
            self._counts.popitem(last=False)
        if count > FAILURES_A_SECOND:
            raise TooOften("too many wrong credentials from this address; wait a second")
