"""Name where a request says who sent it: the guard writes it, and handlers read it."""

from typing import Final

from aiohttp import web

from access.tokens import By

BY: Final = web.RequestKey("by", By)
