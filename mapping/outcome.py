"""Say how a job or an agent's run went (mapping.md C.4)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mapping.calls import Call
from mapping.facts import Fact

CANCELLED: Final = re.compile(r"cancel|abort|interrupt", re.IGNORECASE)
"""How errors name that somebody broke off."""
FAILED: Final = re.compile(r"fail|error|timeout|max_turns|reject", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold a status: completed, failed or cancelled; the error is None unless something says it."""

    status: str
    error_type: str | None = None
    error_message: str | None = None


COMPLETED: Final = Outcome("completed")


def outcome_of(root: Fact | None, calls: Sequence[Call]) -> Outcome:
    """Judge by the root, else by the last model call: a tool's failure is no job's."""
    if root is not None and root.failed:
        return _failed(root)
    answers = [call.fact for call in calls if call.role == "leaf"]
    last = max(answers, key=lambda fact: (fact.end, fact.start, fact.key), default=None)
    return _failed(last) if last is not None and last.failed else COMPLETED


def outcome_said(reason: str | None) -> Outcome | None:
    """Judge by the word that a sender gives; None when it gives none."""
    if not reason:
        return None
    if CANCELLED.search(reason):
        return Outcome("cancelled", reason)
    return Outcome("failed", reason) if FAILED.search(reason) else COMPLETED


def _failed(fact: Fact) -> Outcome:
    named = fact.error_type or fact.error_message or ""
    return Outcome("cancelled" if CANCELLED.search(named) else "failed", fact.error_type, fact.error_message)
