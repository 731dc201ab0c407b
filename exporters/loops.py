"""Tell an endpoint that is one of our own listeners: what is sent there comes back."""

import socket
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

from core.errors import Misconfigured
from core.section import Address

HERE: Final = frozenset({"localhost", "::1", "0.0.0.0", "::"})  # noqa: S104  where one connects to, not listens
RESOLVE_S: Final = 1.0
"""A start waits no longer for names; what an unknown one leads to are duplicates, which are not sent again."""


def leads_back(endpoint: str, listeners: Iterable[Address]) -> bool:
    """Say whether an endpoint is, by its name alone, one of our own listeners."""
    host, port = _place(endpoint)
    return any(port == one.port and (host == one.host or _is_here(host)) for one in listeners)


def is_ours(endpoint: str, ports: Collection[int]) -> bool:
    """Say whether an endpoint leads to one of our ports: an address is this machine's when one can listen on it."""
    host, port = _place(endpoint)
    if port not in ports:
        return False
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:  # a name that is not known now is tried again by each request
        return False
    return any(_is_local(family, address[0]) for family, _, _, _, address in found)


def refuse(endpoints: Mapping[str, str], ports: Collection[int]) -> None:
    """Raise Misconfigured when one of some exporters' endpoints leads to one of our ports, whatever it is called."""
    found: list[str] = []

    def look() -> None:
        found.extend(name for name, endpoint in endpoints.items() if is_ours(endpoint, ports))

    looking = Thread(target=look, name="names of far sides", daemon=True)
    looking.start()
    looking.join(RESOLVE_S)
    if found:
        raise Misconfigured(
            f"exporters.{found[0]}: endpoint {endpoints[found[0]]} leads to this daemon's own listener;"
            " name another collector"
        )


def _place(endpoint: str) -> tuple[str, int]:
    parts = urlsplit(endpoint)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _is_here(host: str) -> bool:
    return host in HERE or host.startswith("127.")


def _is_local(family: int, host: str | int) -> bool:
    try:
        with closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
            tried.bind((host, 0))
    except OSError:
        return False
    return True
