"""Prove that the reference pages say what the code does."""

import pytest

from spanledger import reference


def test_pages_are_up_to_date() -> None:
    """The committed pages are what the code gives; `make docs` writes them."""
    assert reference.main(["--check"]) == 0


def test_every_setting_is_described() -> None:
    """Each setting has a description, and every type a name for people."""
    text = reference.configuration()

    assert "None" not in text
    assert "<class" not in text
    assert "[collector.grpc.tls]" in text


@pytest.mark.parametrize("name", ["serve", "check", "status", "sql", "rejections replay"])
def test_every_command_is_described(name: str) -> None:
    """Each command has its help on the page."""
    assert f"## spanledger {name}\n" in reference.command_line()
