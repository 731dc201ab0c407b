"""Show how each runtime is pointed here."""

from collections.abc import Sequence
from dataclasses import dataclass

from web.asking import Asked
from web.hints import Hint, hints


@dataclass(frozen=True, slots=True)
class Connect:
    """Hold the lines to paste."""

    hints: Sequence[Hint]
    title: str = "Connect"
    section: str = "connect"


def show(asked: Asked) -> Connect:
    """List how runtimes are pointed to this daemon."""
    return Connect(hints(asked))
