"""A user's own rules."""

import time

import pytest

from core.errors import Misconfigured
from privacy.rules import Rules, compiled


def test_matches_are_masked() -> None:
    """Every one, by every rule."""
    rules = Rules([r"ACME-\d+", "(?i)project x"])

    assert "[redacted] and [redacted], [redacted]" == rules.masked("ACME-17 and ACME-4, Project X")
    assert rules
    assert not Rules([])


def test_no_rule_takes_for_ever() -> None:
    """One that would take an age with another engine takes as long as the text."""
    began = time.process_time()
    Rules(["(a+)+$"]).masked("a" * 50_000 + "b")

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("rule", "told"), [("(", "is not a regular expression"), ("a*", "would match everywhere"), ("(?=a)", "is not a")]
)
def test_what_is_no_rule_is_refused(rule: str, told: str) -> None:
    """With its text and what is wrong."""
    with pytest.raises(Misconfigured, match=told):
        compiled(rule)
