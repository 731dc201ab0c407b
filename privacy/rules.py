"""Mask what a user's own rules match.

The engine takes a time that grows with the text alone, whatever the rule: no rule can hold a request up.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import re2

from core.errors import Misconfigured
from privacy.shapes import MARK


class Rules:
    """Hold regular expressions in RE2's syntax, compiled for the first text."""

    def __init__(self, rules: Iterable[str]) -> None:
        """Keep them as they are written."""
        self._rules = tuple(rules)

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._rules)

    def masked(self, text: str) -> str:
        """Mask every match."""
        for rule in self._compiled:
            text = rule.sub(MARK, text)
        return text

    @cached_property
    def _compiled(self) -> list[Any]:
        return [compiled(rule) for rule in self._rules]


def compiled(rule: str) -> Any:
    """Compile a rule, or raise Misconfigured for what is none, or would match everywhere."""
    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.compile(rule, options)
    except re2.error as error:
        told = error.args[0] if error.args else error
        text = told.decode() if isinstance(told, bytes) else str(told)
        raise Misconfigured(f"{rule!r} is not a regular expression: {text}") from None
    if found.search(""):
        raise Misconfigured(f"{rule!r} matches nothing at all, so it would match everywhere; make it longer")
    return found
