"""Give the commands that keep a database small and safe: retention, backup, restore."""

from pathlib import Path

import click

from spanledger.options import Source, config_options, json_option

FILE = click.Path(dir_okay=False, path_type=Path)
KIND = click.Choice(("session", "experiment"))


@click.group()
def retention() -> None:
    """Show and do what is forgotten by age and size, and pin what must stay."""


@retention.command("plan")
@config_options
@json_option
def retention_plan(source: Source, *, as_json: bool) -> None:
    """Show what would be deleted now, by rule, and delete nothing."""
    from spanledger import show_retention as page

    page.show_plan(source.load(), as_json=as_json)


@retention.command("run")
@click.option("--yes", is_flag=True, help="Agree to rules that take more than those before, without being asked.")
@config_options
@json_option
def retention_run(source: Source, *, yes: bool, as_json: bool) -> int:
    """Delete what is old, once: by the running collector, or here when there is none.

    Rules that take more than those before are shown with what they take, and need your word.
    """
    from spanledger import show_retention as page

    return page.run(source.load(), agrees=yes, as_json=as_json)


@retention.command("sweeps")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many to show.")
@config_options
@json_option
def retention_sweeps(source: Source, *, limit: int, as_json: bool) -> None:
    """List what was deleted, the last first."""
    from spanledger import show_retention as page

    page.show_sweeps(source.load(), limit=limit, as_json=as_json)


@retention.command("pin")
@click.argument("kind", type=KIND)
@click.argument("name", metavar="ID")
@click.option("--note", metavar="TEXT", help="Why.")
@config_options
@json_option
def retention_pin(source: Source, *, kind: str, name: str, note: str | None, as_json: bool) -> None:
    """Never delete a session, or the sessions of an experiment."""
    from spanledger import show_retention as page

    page.change(source.load(), "pin", {"kind": kind, "name": name, "note": note}, as_json=as_json)


@retention.command("unpin")
@click.argument("kind", type=KIND)
@click.argument("name", metavar="ID")
@config_options
@json_option
def retention_unpin(source: Source, *, kind: str, name: str, as_json: bool) -> None:
    """Let what was pinned go like everything else."""
    from spanledger import show_retention as page

    page.change(source.load(), "unpin", {"kind": kind, "name": name}, as_json=as_json)


@retention.command("pins")
@config_options
@json_option
def retention_pins(source: Source, *, as_json: bool) -> None:
    """List what is pinned."""
    from spanledger import show_retention as page

    page.show_pins(source.load(), as_json=as_json)


@click.command()
@click.argument("target", metavar="FILE", type=FILE)
@config_options
@json_option
def backup(source: Source, *, target: Path, as_json: bool) -> None:
    """Copy the database to FILE, also while a collector runs.

    The copy is of one moment. It is read back and checked, its books included, before FILE appears or is replaced.
    """
    from spanledger import safekeeping as page

    page.back_up(source.load(), target, as_json=as_json)


@click.command()
@click.argument("backup_file", metavar="FILE", type=FILE)
@config_options
@json_option
def restore(source: Source, *, backup_file: Path, as_json: bool) -> None:
    """Put the backup FILE in the database's place, which is kept aside.

    A running collector must be stopped first. A backup of an older version is brought up to date;
    a damaged one, and one of a newer version, is refused and nothing changes.
    """
    from spanledger import safekeeping as page

    page.restore(source.load(), backup_file, as_json=as_json)


@click.command()
@click.argument("kind", type=click.Choice(("session", "user")))
@click.argument("name", metavar="ID")
@click.option("--yes", is_flag=True, help="Do it; without this, only what would go is shown.")
@config_options
@json_option
def erase(source: Source, *, kind: str, name: str, yes: bool, as_json: bool) -> int:
    """Erase a session, with those that it started, or all of a user: rows, words, archived files, bytes.

    Nothing brings it back. What is pinned must be let go of first.
    """
    from spanledger import erasing as page

    return page.show(source.load(), kind, name, agrees=yes, as_json=as_json)


COMMANDS = (retention, erase, backup, restore)
