"""Say what is kept for how long."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from core.section import Age, Duration, Section, SizeOrOff
from retention.rules import SHORTEST_S, Rule, age_text, is_longer

DAY = 24 * 3600


class Archive(Section):
    """Write raw records to gzipped OTLP JSON lines before they are deleted."""

    folder: Path | None = None
    """Where to, a folder a day; nothing is archived when this is not set."""


class Retention(Section):
    """Forget on purpose; `spanledger retention plan` shows what would go."""

    enabled: bool = True
    """Whether the collector sweeps by itself; `spanledger retention run` does it once in any case."""
    every: Annotated[Duration, Field(ge=10)] = 3600
    """How often the collector sweeps."""
    raw: Age = 30 * DAY
    """How long spans, log records and metric points are kept as they came, by when they were received."""
    content: Age = 90 * DAY
    """How long the texts of prompts, answers, tool inputs and outputs are kept in derived rows; at least as `raw`."""
    rows: Age = None
    """How long sessions, jobs, calls and events are kept, without their texts; daily sums are kept for ever."""
    rules: tuple[Rule, ...] = ()
    """Other ages for some, the first that fits holds, such as "project=web raw=7d" or "signal=metrics raw=3d"."""
    max_size: SizeOrOff = None
    """Size of the database from which the oldest raw records go, however young."""
    min_free: SizeOrOff = None
    """Free disk space below which the oldest raw records go, however young."""
    archive: Archive = Archive()
    """Write raw records to files before they are deleted."""

    @field_validator("raw", "content", "rows")
    @classmethod
    def _long_enough(cls, age: float | None) -> float | None:
        if age is not None and age < SHORTEST_S:
            raise ValueError("it is under an hour; records may still be needed then")
        return age

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Refuse texts that are to go before the raw records, which hold the same, and rows before their texts."""
        for shorter, longer in (("raw", "content"), ("content", "rows"), ("raw", "rows")):
            ages = getattr(self, shorter), getattr(self, longer)
            if longer in self.model_fields_set and is_longer(*ages):
                raise ValueError(
                    f"{longer} is shorter than {shorter} ({age_text(ages[0])}), which holds the same and more; "
                    f"set {shorter} as well"
                )
        return self
