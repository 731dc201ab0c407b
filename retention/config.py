"""Say what is kept for how long."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from core.section import Age, Duration, Section, SizeOrOff
from retention.rules import SHORTEST_S, Rule, age_text, is_longer
from store import arrow

DAY = 24 * 3600


class Archive(Section):
    """Write raw records to files before they are deleted."""

    folder: Path | None = None
    """Where to, a folder a day; nothing is archived when this is not set."""
    format: Literal["jsonl.gz", "jsonl.zst", "parquet"] = "jsonl.gz"
    """OTLP JSON lines, compressed by gzip or zstd, or Parquet; the last two need `spanledger[parquet]`."""

    @field_validator("format")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if value != "jsonl.gz" and not arrow.is_there():
            raise ValueError(f"files in {value} need pyarrow; {arrow.EXTRA}")
        return value


class Retention(Section):
    """Forget on purpose; `spanledger retention plan` shows what would go."""

    enabled: bool = True
    """Whether the collector sweeps by itself; `spanledger retention run` does it once in any case."""
    every: Annotated[Duration, Field(ge=10)] = 3600
    """How often the collector sweeps."""
    raw: Age = 30 * DAY
    """How long spans, log records and metric points are kept as they came, by when they were received."""
    content: Age = 90 * DAY
    """How long the texts of prompts, answers, tool inputs and outputs are kept, in raw records as well.

    When it is not set and `raw` is longer, it is as long as `raw`.
    """
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
        """Refuse rows that are to go before what they were derived from, or before their texts."""
        for shorter in ("content", "raw"):
            age = self.age(shorter)
            if "rows" in self.model_fields_set and is_longer(age, self.rows):
                raise ValueError(f"rows is shorter than {shorter} ({age_text(age)}); set {shorter} as well")
        return self

    def age(self, tier: str) -> float | None:
        """Give the age of a tier; one that is not set is at least that of the tiers before it."""
        order = ("raw", "content", "rows")
        told: list[float | None] = [getattr(self, each) for each in order[: order.index(tier) + 1]]
        if tier in self.model_fields_set or tier == "raw":
            return told[-1]
        ages = [age for age in told if age is not None]
        return max(ages) if len(ages) == len(told) else None
