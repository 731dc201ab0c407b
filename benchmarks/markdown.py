"""Write results into a page, between two markers, so that the page says what was last measured."""

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
HEAD = "| figure | median | unit | floor | ratio | target | met |\n| --- | ---: | --- | ---: | ---: | --- | --- |"


def rewrite(page: Path, result: dict[str, Any]) -> None:
    """Replace what stands between the markers; fail when they are not there."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} has no lines {BEGIN} and {END}; add them where the table belongs")
    page.write_text(f"{before}{BEGIN}\n{table(result)}\n{END}{after}")


def table(result: dict[str, Any]) -> str:
    """Write the machine in a sentence and the figures in a table."""
    rows = [_row(name, figure) for name, figure in result["figures"].items()]
    return "\n".join([_machine(result["machine"]), "", HEAD, *rows])


def _machine(facts: dict[str, Any]) -> str:
    return (
        f"Measured {facts['date'][:10]} on {facts['cores']} cores of {facts['cpu']}, "
        f"{facts['filesystem']}, Python {facts['python']}, SQLite {facts['sqlite']}."
    )


def _row(name: str, figure: dict[str, Any]) -> str:
    cells = [name, figure["value"], figure["unit"], figure.get("floor"), figure.get("ratio"), figure["target"]]
    return f"| {' | '.join(map(_cell, cells))} | {'yes' if figure['met'] else 'no'} |"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
