"""Let people in where a token is needed: a form takes it once, a cookie shows it after that, which no script reads."""

from typing import Final

from aiohttp import hdrs, web

from access.tokens import Scope
from collector.guard import COOKIE
from core.errors import Unauthenticated
from web.daemon import Admit

MONTH_S: Final = 30 * 86_400


def enter(admit: Admit, token: str, request: web.Request) -> web.Response:
    """Take a token that may read and lead to the first page, or raise Unauthenticated or Forbidden."""
    try:
        admit([f"Bearer {token}"], Scope.READ, request.remote or "")
    except Unauthenticated:
        raise Unauthenticated("that token is not known here; `spanledger token list` names those that are") from None
    response = web.Response(status=303, headers={hdrs.LOCATION: "/"})
    response.set_cookie(
        COOKIE, token, max_age=MONTH_S, httponly=True, samesite="Strict", secure=request.secure, path="/"
    )
    return response
