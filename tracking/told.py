"""Hand over what records told: commands to do, and those that cannot be done."""

from dataclasses import dataclass

from schema.rows import Violation
from tracking.commands import Command


@dataclass(frozen=True, slots=True)
class Told:
    """Hold commands in order of event time, each with the name of the service that it came from.

    `now` is Unix nanoseconds; `park` says for how many of them a command waits for what it is about to come.
    """

    commands: tuple[tuple[Command, str], ...]
    violations: tuple[Violation, ...]
    now: int
    park: int
