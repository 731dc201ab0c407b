"""Hold one job while its records are put together."""

from dataclasses import dataclass, field

from mapping.facts import Fact


@dataclass(slots=True, eq=False)
class Unit:
    """Hold what is known of one job while its records are found; `root` and `first` are spans, `stop` a time."""

    id: str
    root: Fact | None
    first: Fact
    prompts: list[Fact] = field(default_factory=list)
    stop: int | None = None
    """When the next one of its session, or the session's end, ends a unit without a root."""
    over: bool = False
    """Say that there is no doubt of that end."""
    told_end: int | None = None
    """When an event says that it ended."""
    more: list[Fact] = field(default_factory=list)
    """Further roots: calls that go on with what the first one asked for."""

    @property
    def start(self) -> int:
        """Give when the root or the prompt began, whichever was first."""
        told = [*self.prompts, *([self.root] if self.root else [])]
        return min(fact.start for fact in told) if told else self.first.start

    @property
    def end(self) -> int | None:
        """Give until when it was open."""
        if self.told_end is not None:
            return self.told_end
        return max(fact.end for fact in (self.root, *self.more)) if self.root else self.stop

    @property
    def asked(self) -> bool:
        """Say that a prompt or a turn's id opened it: the next one closes it."""
        return bool(self.prompts) or self.first.identity.turn_id is not None

    @property
    def session_id(self) -> str | None:
        """Give the session it belongs to."""
        told = self.root or next(iter(self.prompts), None) or self.first
        return told.identity.parent_session_id or told.session_id
