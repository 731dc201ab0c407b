"""Let people in where a token is needed: a form takes it once, a cookie stands for it after that.

The cookie holds a keyed digest of the token, never the token, and no script can read it.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import hdrs, web

from core.errors import Unauthenticated

COOKIE: Final = "spanledger"
PURPOSE: Final = b"spanledger pages"
MONTH_S: Final = 30 * 86_400
Admit = Callable[[Sequence[str]], None]


class Door:
    """Admit whoever shows a bearer token or the cookie that a token was changed for."""

    def __init__(self, admit: Admit, tokens: Sequence[str]) -> None:
        """Keep what the cookies of the tokens must be."""
        self._admit = admit
        self._cookies = [cookie_of(token) for token in tokens]

    def check(self, request: web.Request) -> None:
        """Raise Unauthenticated for strangers."""
        shown = request.cookies.get(COOKIE, "").encode(errors="replace")
        if any([hmac.compare_digest(shown, known.encode()) for known in self._cookies]):  # noqa: C419  all are compared
            return
        self._admit(request.headers.getall(hdrs.AUTHORIZATION, []))

    def enter(self, token: str, *, secure: bool) -> web.Response:
        """Change a token for a cookie and lead to the first page, or raise Unauthenticated."""
        try:
            self._admit([f"Bearer {token}"])
        except Unauthenticated:
            raise Unauthenticated("this is none of the tokens in [collector] tokens") from None
        response = web.Response(status=303, headers={hdrs.LOCATION: "/"})
        response.set_cookie(
            COOKIE, cookie_of(token), max_age=MONTH_S, httponly=True, samesite="Strict", secure=secure, path="/"
        )
        return response


def cookie_of(token: str) -> str:
    """Give what stands for a token."""
    return hmac.new(token.encode(), PURPOSE, hashlib.sha256).hexdigest()
