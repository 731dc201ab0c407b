"""Say what a question is: where it is asked, what it takes, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.answers import Schema, Shape
from api.parameters import SHOWN, Parameter, text
from core.errors import Invalid

NAMED: Final = text("Its unique name.")


@dataclass(frozen=True, slots=True)
class Question:
    """Say where a question is asked; `ask` gets a read side, what the path names, and the parameters that are given.

    `gives` is the answer, or with `is_list` each of its items. What it is about is told by `ask` itself.
    `names` are those in the path that are not just text; `tells` is what a list tells beside its items.
    """

    path: str
    ask: Callable[..., Any]
    takes: Mapping[str, Parameter]
    gives: Shape
    is_list: bool = True
    names: Mapping[str, Parameter] = field(default_factory=dict)
    tells: Mapping[str, Schema] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """Say what it answers."""
        return getattr(self.ask, "about", None) or str(self.ask.__doc__)

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Read the parameters of a query, or raise Invalid."""
        for name in given:
            if name not in self.takes:
                known = ", ".join(self.takes) or "none"
                raise Invalid(f"the parameter {name[:SHOWN]!r} is not known here; the parameters are {known}")
        told = {name: word for name, word in given.items() if word or not self.takes[name].may_be_empty}
        return {name: self.takes[name].read(name, word) for name, word in told.items()}

    def named(self, given: Mapping[str, str]) -> list[Any]:
        """Read what the path names, or raise Invalid."""
        return [self.names.get(name, NAMED).read(name, given_text) for name, given_text in given.items()]
