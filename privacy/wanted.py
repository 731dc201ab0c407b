"""Hold what is never kept, for every process that decodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wanted:
    """Say it like `privacy.config.Privacy` does; without the words of a configuration, all is kept."""

    mode: str = "full"
    projects: Mapping[str, str] = field(default_factory=dict)
    secrets: bool = False
    emails: bool = False
    names: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


ALL = Wanted()
"""Keep everything as it comes."""
