"""Look at pages of a running service as a browser without JavaScript does."""

import http.client
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

from tests.support.service import Running
from tests.support.wait import until

HTML = {"Accept": "text/html,application/xhtml+xml"}
TIMEOUT_S = 60
VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass(frozen=True, slots=True)
class Seen:
    """Hold what came back."""

    status: int
    headers: Mapping[str, str]
    html: str

    @property
    def text(self) -> str:
        """Give what a reader sees, in one line."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.html)).split())

    @property
    def links(self) -> list[str]:
        """List where links lead."""
        return [unescape(found) for found in re.findall(r'href="([^"]*)"', self.html)]


@dataclass(frozen=True, slots=True)
class Look:
    """Open pages of one service."""

    service: Running

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Seen:
        """Open a page."""
        return self.send("GET", path, None, headers)

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None = None) -> Seen:
        """Send a request the way a browser does."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.service.http, timeout=TIMEOUT_S)) as connection:
            connection.request(method, path, body, {**HTML, **(headers or {})})
            answer = connection.getresponse()
            given = {name.lower(): value for name, value in answer.getheaders()}
            return Seen(answer.status, given, answer.read().decode(errors="replace"))


class _Balance(HTMLParser):
    """Find elements that are not closed, and attributes that run code or style."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and what is wrong with it."""
        named = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "style" or (tag == "script" and not (named.get("src") or "").startswith("/static/")):
            self.faults.append(f"<{tag}> inline")
        self.faults += [f"{name} on <{tag}>" for name in named if name == "style" or name.startswith("on")]
        target = (named.get("href") or "").strip().lower()
        if target.startswith(("javascript:", "data:", "vbscript:")):
            self.faults.append(f"link to {target[:40]}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")


def faults(html: str) -> list[str]:
    """List what is wrong with a page's HTML."""
    found = _Balance()
    found.feed(html)
    found.close()
    return [*found.faults, *(f"<{tag}> is not closed" for tag in found.open if tag != "html")]


def settle(service: Running, *, within_s: float = 60) -> None:
    """Wait until everything is derived from what has come in."""
    until(lambda: not any(service.rows(BEHIND)[0].values()), within_s=within_s)
    until(lambda: not service.service.following.backlog.groups, within_s=within_s)


BEHIND = (
    "select (select ifnull(max(id), 0) from raw_spans)"
    " - ifnull((select after_id from derived_positions where signal = 'traces'), 0) as spans,"
    " (select ifnull(max(id), 0) from raw_logs)"
    " - ifnull((select after_id from derived_positions where signal = 'logs'), 0) as logs"
)
