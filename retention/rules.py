"""Read rules that make exceptions: `project=web raw=7d content=14d`."""

from typing import Any, Final, NamedTuple

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from core.section import duration_text, seconds
from schema.signals import Signal

TIERS: Final = ("raw", "content", "rows")
ABOUT: Final = ("project", "agent", "signal")
SHORTEST_S: Final = 3600
"""Younger records may still be needed to derive from."""
EXAMPLE: Final = '"project=web raw=7d content=14d"'


class Rule(NamedTuple):
    """Say for whom other ages hold; `ages` are pairs of tier and seconds, None for ever."""

    project: str | None = None
    agent: str | None = None
    signal: Signal | None = None
    ages: tuple[tuple[str, float | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """Read a rule, or raise ValueError with an example."""
        told: dict[str, str] = {}
        for word in text.split():
            name, equals, value = word.partition("=")
            if not equals or not value or name not in (*ABOUT, *TIERS) or name in told:
                raise ValueError(f"{word!r} in {text!r} is not understood; write a rule such as {EXAMPLE}")
            told[name] = value
        ages = tuple((tier, _age(told[tier])) for tier in TIERS if tier in told)
        if not ages or len(ages) == len(told):
            raise ValueError(f"{text!r} must say whom it is about and how long that is kept, such as {EXAMPLE}")
        rule = cls(told.get("project"), told.get("agent"), _signal(told.get("signal")), ages)
        if rule.signal and [tier for tier, _ in ages] != ["raw"]:
            raise ValueError(f"{text!r}: only raw records have a signal; write raw=AGE alone")
        if rule.signal is Signal.METRICS and rule.whom:
            raise ValueError(f"{text!r}: metric points belong to no project or agent; leave that out")
        return rule

    @property
    def whom(self) -> dict[str, str]:
        """Give what sessions must be like."""
        return {name: value for name, value in (("project", self.project), ("agent", self.agent)) if value}

    def __str__(self) -> str:
        """Write the rule the way it is read."""
        words = [f"{name}={value}" for name in ABOUT if (value := getattr(self, name))]
        return " ".join([*words, *(f"{tier}={age_text(age)}" for tier, age in self.ages)])

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic read a rule from text and write it as text."""
        return core_schema.no_info_plain_validator_function(_read, serialization=core_schema.to_string_ser_schema())


def _read(value: object) -> Rule:
    if isinstance(value, Rule):
        return value
    return Rule.parse(value if isinstance(value, str) else repr(value))


def is_longer(one: float | None, other: float | None) -> bool:
    """Compare two ages; None is for ever."""
    return other is not None and (one is None or one > other)


def age_text(age: float | None) -> str:
    """Write an age the way it is read."""
    return "forever" if age is None else duration_text(age)


def _signal(text: str | None) -> Signal | None:
    if text is not None and text not in set(Signal):
        raise ValueError(f"{text!r} is no signal; there are {', '.join(Signal)}")
    return Signal(text) if text else None


def _age(text: str) -> float | None:
    age = None if text == "forever" else seconds(text)
    if age is not None and age < SHORTEST_S:
        raise ValueError(f"{text!r} is under an hour; records may still be needed then")
    return age
