"""Hold the options that several commands share, and turn them into a configuration or an open database."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # these cost a fifth of a second, which `--help` must not pay
    from spanledger.config import Config
    from spanledger.layers import Merged
    from store.reading import SqliteReadSide

Command = Callable[..., Any]

_FLAGS = {
    "db": ("store", "path"),
    "grpc": ("collector", "grpc", "endpoint"),
    "http": ("collector", "http", "endpoint"),
}


class Failed(click.ClickException):
    """Stop a command that could not do its work."""

    exit_code = 1


class NotFound(click.ClickException):
    """Stop a command that was asked for something that is not there."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Source:
    """Hold what the command line says about the configuration."""

    file: Path | None = None
    assignments: tuple[str, ...] = ()
    flags: Mapping[str, str | None] = field(default_factory=dict)

    def gather(self) -> "Merged":
        """Lay file, environment and flags over each other."""
        from spanledger import config
        from spanledger.layers import Given, assignment

        try:
            given = [assignment(text) for text in self.assignments]
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--set") from None
        given += [Given(_FLAGS[name], text, f"--{name}") for name, text in self.flags.items() if text]
        return config.gather(file=self.file, environ=os.environ, flags=given)

    def load(self) -> "Config":
        """Read the configuration, or raise Mistaken."""
        from spanledger import config

        return config.validate(self.gather())


def config_options(function: Command) -> Command:
    """Add the options that say where the configuration is; the command gets them as one `source`."""

    @wraps(function)
    def command(*, file: Path | None, assignments: tuple[str, ...], **rest: Any) -> Any:
        flags = {name: rest.pop(name) for name in _FLAGS if name in rest}
        return function(source=Source(file, assignments, flags), **rest)

    kind = click.Path(dir_okay=False, path_type=Path)
    wrapped = click.option("--set", "assignments", multiple=True, metavar="PATH=VALUE", help="Set one setting.")(
        command
    )
    wrapped = click.option("--db", metavar="PATH", help="The database file.")(wrapped)
    return click.option("--config", "file", metavar="FILE", type=kind, help="Read this TOML file.")(wrapped)


def listen_options(function: Command) -> Command:
    """Add the options that say where the collector listens; must stand above `config_options`."""
    function = click.option("--http", metavar="HOST:PORT|off", help="The address of OTLP/HTTP.")(function)
    return click.option("--grpc", metavar="HOST:PORT|off", help="The address of OTLP/gRPC.")(function)


def json_option(function: Command) -> Command:
    """Add the option to answer in JSON."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(function)


class WithDefault(click.Group):
    """Run `list` when no subcommand is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the subcommand's name where it is missing."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def database(config: "Config") -> Path:
    """Say where the database is."""
    path = config.store.path
    if path is None:
        raise Failed("the configuration names no database; set --db PATH")
    return path


@contextmanager
def reading(config: "Config", *, deadline_s: float = 10.0) -> Iterator["SqliteReadSide"]:
    """Open the database for reading, or raise NotFound when there is none."""
    from store.reading import SqliteReadSide

    path = database(config)
    if not path.exists():
        raise NotFound(f"there is no database at {path}; start one with `spanledger serve`, or name another with --db")
    side = SqliteReadSide(path, deadline_s=deadline_s)
    try:
        yield side
    finally:
        side.close()
