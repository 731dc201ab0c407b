"""Mirror of collector/ports.py."""

import os
import socket

import pytest

from collector.ports import holder, listen
from core.errors import AlreadyRunning, Misconfigured
from core.section import Address


def test_a_free_port_is_bound() -> None:
    """Port 0 gives any free one."""
    with listen(Address("127.0.0.1", 0), "x") as bound:
        assert bound.getsockname()[1] > 0


def test_a_taken_port_names_its_holder() -> None:
    """The message says who listens there and which setting to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AlreadyRunning, match=rf"in use by process {os.getpid()} .*\[collector.http\]"):
            listen(Address("127.0.0.1", port), "[collector.http] endpoint")


def test_an_impossible_address_is_a_mistake() -> None:
    """An address that is not this machine's is named."""
    with pytest.raises(Misconfigured, match=r"192\.0\.2\.1"):
        listen(Address("192.0.2.1", 0), "x")


def test_nobody_holds_a_free_port() -> None:
    """A port nobody listens on has no holder."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert holder(port) == ""
