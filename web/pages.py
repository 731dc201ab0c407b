"""List the pages: where each is, what makes it, and the parts of it that are asked for alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from web import now, sessions
from web.asking import Asked

HTML: Final = "text/html; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Plain:
    """Hold text that is given as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Say where a page is; `make` gives the dataclass that its template shows."""

    path: str
    template: str
    make: Callable[[Asked], Any]
    parts: Mapping[str, str] = field(default_factory=dict)
    media: str = HTML


PAGES: Final = (
    Page("/", "now.html", now.show, {"live": "now_live.html"}),
    Page("/sessions", "sessions.html", sessions.show),
)
