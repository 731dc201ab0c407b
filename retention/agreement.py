"""Keep what was agreed to: rules that take more than before need somebody's word first.

A database without rules of its own takes the configured ones over when these take nothing that is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from retention.config import DAY, Retention
from retention.plan import shortened
from retention.rules import TIERS
from schema.derived import Step

RULES: Final = "rules"
KEPT: Final = ("raw", "content", "rows", "rules", "max_size", "min_free")
NOTHING: Final = Retention(raw=None, content=None, rows=None)
"""Rules by which nothing goes."""
LONGEST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class Agreement:
    """Hold the configured rules and those agreed to; `pending` says what of the former is not agreed to."""

    config: Retention
    before: Retention
    pending: Sequence[str]
    is_first: bool

    @property
    def token(self) -> str:
        """Name this change of rules, so that nobody agrees to another one."""
        return sha256(f"{rules_text(self.before)} -> {rules_text(self.config)}".encode()).hexdigest()[:16]

    @property
    def is_new(self) -> bool:
        """Say whether the configured rules are not those agreed to."""
        return self.is_first or rules_text(self.config) != rules_text(self.before)


def agreement(config: Retention, state: Mapping[str, str]) -> Agreement:
    """Compare the configured rules with those that are kept in the database."""
    text = state.get(RULES)
    before = Retention.model_validate_json(text) if text else NOTHING
    return Agreement(config, before, shortened(config, before), text is None)


def agreed(config: Retention) -> list[Step]:
    """Write down that rules are agreed to; what reads seed 002's settings follows."""
    days = LONGEST_DAYS if config.raw is None else config.raw / DAY
    return [
        Step("set_retention", {"key": RULES, "value": rules_text(config)}),
        Step("set_retention_days", {"days": f"{days:g}"}),
    ]


def rules_text(config: Retention) -> str:
    """Write rules as they are kept."""
    told = config.model_copy(update={tier: config.age(tier) for tier in TIERS})
    return told.model_dump_json(include=set(KEPT))
