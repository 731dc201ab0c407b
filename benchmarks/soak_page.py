"""Write down what came of a soak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

WHOLE_MINUTES: Final = 60

HEAD: Final = """\
# Soak

`make soak` runs the long tests, then `python -m benchmarks.soak --minutes 60 --write`, which writes this page.

Three signals come over both transports at a steady pace while pages and the API are read, an exporter's far side comes
and goes, and sweeps take what expires at the pace at which new records come. In the first half the daemon is killed
again and again, in the second it is left alone; what it holds is measured there, once it is warm.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one thing that was measured, and what it must be: just that, at most that, or at least `least`."""

    what: str
    value: float
    wanted: float | None
    is_bound: bool = False
    least: float | None = None

    @property
    def is_good(self) -> bool:
        """Say whether it is what it must be."""
        if self.least is not None:
            return self.value >= self.least
        assert self.wanted is not None, "a line says what is wanted, or the least"
        return self.value <= self.wanted if self.is_bound else self.value == self.wanted

    @property
    def limit(self) -> str:
        """Write what it must be."""
        if self.least is not None:
            return f"≥ {self.least:,}"
        return f"{'≤ ' if self.is_bound else ''}{self.wanted:,}" if self.wanted is not None else ""


def page(  # noqa: PLR0913, PLR0917  one for each part of the page
    lines: Sequence[Line], minutes: float, facts: Mapping[str, Any], kills: int, reads: int, at: datetime
) -> str:
    """Write the page."""
    length = f"{minutes:g} minutes"
    short = "" if minutes >= WHOLE_MINUTES else " **This was a short run; the page is meant to hold one of an hour.**"
    told = [
        HEAD,
        f"Run on {at:%Y-%m-%d %H:%M} UTC for {length}, with {kills} kills and {reads:,} reads.{short}",
        (
            f"{facts['cores']} cores ({facts['cpu']}), {facts['memory_gb']} GB, {facts['filesystem']}, "
            f"load {facts['load_at_start']} at the start, Python {facts['python']}, SQLite {facts['sqlite']}.\n"
        ),
        "| what | measured | must be | |",
        "| --- | --- | --- | --- |",
        *(
            f"| {one.what} | {_number(one.value)} | {one.limit} | {'ok' if one.is_good else '**no**'} |"
            for one in lines
        ),
        "",
    ]
    return "\n".join(told)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
