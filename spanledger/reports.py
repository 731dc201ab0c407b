"""Give `spanledger report` a command for each question that joins agents' doings with the work they were for."""

from typing import Any, Final

import click

from api.joins import JOINS, TIME, WHOLE, Join
from spanledger.options import Source, config_options, json_option

MOST: Final = 1_000
EPILOG: Final = "A time is 30m, 2h or 7d ago, or ISO 8601 in UTC. docs/reports.md has each question's statement."


@click.group(epilog=EPILOG)
def report() -> None:
    """Join what agents did with the work that it was for: costs of plans and runs, statistics of agents and issues."""


def _command(join: Join) -> click.Command:
    @config_options
    @json_option
    def command(source: Source, *, as_json: bool, limit: int | None = None, **values: Any) -> None:
        from spanledger import show_report as page

        page.show(source.load(), join, _asked(join, values), limit=limit, as_json=as_json)

    for name, kind in join.takes.items():
        command = click.option(f"--{name}", metavar="TIME" if kind == TIME else "TEXT", help=HELP[name])(command)
    if join.is_list:
        size = click.IntRange(1, MOST)
        command = click.option("--limit", default=50, show_default=True, type=size, help="How many to show.")(command)
    for name, kind in reversed([*join.needs.items()]):
        command = click.argument(name, type=click.IntRange(0) if kind == WHOLE else str)(command)
    return click.command(join.name, help=join.about)(command)


def _asked(join: Join, values: dict[str, Any]) -> dict[str, Any]:
    """Keep what is given, with times the way the tables hold them."""
    from spanledger.layout import ago

    kinds = {**join.needs, **join.takes}
    return {name: ago(told) if kinds[name] == TIME else told for name, told in values.items() if told is not None}


HELP: Final = {
    "project": "Only this project.",
    "agent": "Only this agent's.",
    "since": "Only sessions that started, and skills that were loaded, since then.",
}
for _join in JOINS.values():
    report.add_command(_command(_join))

COMMANDS = (report,)
