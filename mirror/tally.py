"""Count what a sync came to, project by project."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Count:
    """Count the sessions of one project; `doubled` ones are told better by another directory."""

    read: int = 0
    changed: int = 0
    unchanged: int = 0
    doubled: int = 0
    missing: int = 0


@dataclass(slots=True)
class Tally:
    """Hold the counts of projects, and what cannot be read, or need not be, by path.

    `ignored` counts files about something else. `broke`, `healed` and `vanished` are paths that are so only now.
    """

    projects: dict[str, Count] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, str] = field(default_factory=dict)
    ignored: int = 0
    broke: list[str] = field(default_factory=list)
    healed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)

    def of(self, project: str) -> Count:
        """Give a project's counts."""
        return self.projects.setdefault(project, Count())

    def told(self) -> dict[str, Any]:
        """Write it for readers."""
        return {
            "projects": [{"project": name, **asdict(count)} for name, count in sorted(self.projects.items())],
            "broken": [{"path": path, "reason": reason} for path, reason in sorted(self.broken.items())],
            "doubled": [{"path": path, "reason": reason} for path, reason in sorted(self.doubled.items())],
            "ignored": self.ignored,
        }

    def add(self, other: "Tally") -> None:
        """Count what another has counted."""
        for project, count in other.projects.items():
            own = self.of(project)
            for name, value in asdict(count).items():
                setattr(own, name, getattr(own, name) + value)
        self.broken.update(other.broken)
        self.doubled.update(other.doubled)
        self.ignored += other.ignored
        for paths, more in ((self.broke, other.broke), (self.healed, other.healed), (self.vanished, other.vanished)):
            paths.extend(more)
