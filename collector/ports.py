"""Open listening ports, and say who holds one that is taken."""

import errno
import socket
from pathlib import Path

from core.errors import AlreadyRunning, Misconfigured
from core.section import Address

LISTENING = "0A"
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def listen(address: Address, setting: str) -> socket.socket:
    """Bind a socket, without SO_REUSEPORT so that a second daemon cannot share the port (otlp.md G06, O03).

    Raise AlreadyRunning when the port is taken, Misconfigured when the address cannot be used.
    """
    made = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(tuple(address))
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise AlreadyRunning(taken(address, setting)) from None
        raise Misconfigured(f"cannot listen on {address}: {error.strerror}; set {setting}") from None
    return made


def taken(address: Address, setting: str) -> str:
    """Say that a port is taken, by whom where the system tells, and what to do."""
    who = holder(address.port)
    return f"{address} is in use{f' by {who}' if who else ''}; stop that process or set {setting}"


def holder(port: int) -> str:
    """Name the process that listens on a port; empty when the system does not say."""
    sockets = {f"socket:[{inode}]" for table in TABLES for inode in _inodes(table, port)}
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        try:
            if str(descriptor.readlink()) in sockets:
                name = (descriptor.parents[1] / "comm").read_text().strip()
                return f"process {descriptor.parts[2]} ({name})"
        except OSError:  # the process is gone, or is not ours to look at
            continue
    return ""


def _inodes(table: Path, port: int) -> list[str]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [row[9] for row in rows if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port]
