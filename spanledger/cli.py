"""Give the program its commands.

Exit status: 0 done, 1 failed, 2 usage, 3 already running, 4 not found.
A command imports what it needs when it runs, so that `--help` and mistakes answer at once.
"""

from collections.abc import Sequence

import click

from core.errors import AlreadyRunning, Missing, SpanledgerError
from core.output import write_whole_texts
from spanledger import __version__, book, keys, questions, reports, retaining, upkeep
from spanledger.options import Source, WithDefault, config_options, json_option, listen_options
from spanledger.terminal import note

FAILED = 1
ALREADY_RUNNING = 3
NOT_FOUND = 4
INTERRUPTED = 130

SIGNALS = click.Choice(["traces", "logs", "metrics"])


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    write_whole_texts()
    try:
        result = commands.main(args=arguments, prog_name="spanledger", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SpanledgerError as error:
        return _failed(error)
    except (click.Abort, KeyboardInterrupt):
        note("stopped")
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _failed(error: SpanledgerError) -> int:
    for line in str(error).splitlines() or [type(error).__name__]:
        note(f"Error: {line}")
    if isinstance(error, AlreadyRunning):
        return ALREADY_RUNNING
    if isinstance(error, Missing):
        return NOT_FOUND
    return int(getattr(error, "exit_code", FAILED))  # Mistaken says 2; importing it here would cost `--help` its speed


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="spanledger", message="%(prog)s %(version)s")
def commands() -> None:
    """Record what AI agents do: take OTLP, keep it in SQLite, answer once it is durable."""


@commands.command()
@listen_options
@config_options
def serve(source: Source) -> int:
    """Run the collector until it is told to stop."""
    merged = source.gather()
    from spanledger import config, logs

    settings = config.validate(merged)
    logs.set_up(settings.logs)
    logs.warn(merged.warnings)
    from store import connection

    connection.count_no_memory()  # before the program is imported, which opens a connection to describe its answers
    from spanledger import program

    return program.run(settings)


@commands.command()
@listen_options
@config_options
@json_option
def check(source: Source, *, as_json: bool) -> int:
    """Validate the configuration and print what is in force, secrets masked.

    Every mistake is reported at once; the exit status is then 2.
    """
    from spanledger import check as page

    return page.show(source, as_json=as_json)


@commands.command()
@click.option("--verbose", "-v", is_flag=True, help="Say what the collector has received as well.")
@config_options
@json_option
def status(source: Source, *, as_json: bool, verbose: bool) -> None:
    """Say in a few lines how the work stands: what is open, today's jobs, cost and failures."""
    from spanledger import status as page

    page.show(source.load(), as_json=as_json, verbose=verbose)


@commands.command()
@click.option("--integrity", is_flag=True, help="Read the whole database as well; that takes a while.")
@listen_options
@config_options
@json_option
def doctor(source: Source, *, integrity: bool, as_json: bool) -> int:
    """Look for what is wrong, or soon will be, and say what to do."""
    from spanledger import doctor as page
    from spanledger import keeping_checks

    also = (keeping_checks.integrity,) if integrity else ()
    return page.show(source.load(), as_json=as_json, also=also)


@commands.command()
@listen_options
@config_options
def demo(source: Source) -> None:
    """Send two agent sessions to a running collector with the OpenTelemetry SDK.

    One travels over gRPC, one over HTTP; the command then says what to ask the database.
    """
    from spanledger import demo as page

    page.show(source.load())


@commands.command()
@click.argument("query")
@config_options
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Answer in CSV.")
def sql(source: Source, *, query: str, as_json: bool, as_csv: bool) -> None:
    """Ask the database one read-only QUERY."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other; choose one")
    from spanledger import sql as page

    page.show(source.load(), query, as_json=as_json, as_csv=as_csv)


@commands.command()
@click.argument("target", metavar="[FILE]", required=False)
@click.option("--output", metavar="FILE", help="Write here; the same as FILE. Ending in .gz: compressed.")
@click.option("--signal", "signals", type=SIGNALS, multiple=True, help="Only this signal; may be repeated.")
@config_options
def export(source: Source, *, target: str | None, output: str | None, signals: tuple[str, ...]) -> None:
    """Write what is kept as OTLP JSON lines, to FILE or to standard output.

    That is the format of the OpenTelemetry Collector's file exporter, and what `spanledger import` reads.
    The file appears whole or not at all.
    """
    if target and output:
        raise click.UsageError("the output file is given twice; write either FILE or --output FILE")
    from spanledger import outgoing

    outgoing.export(source.load(), output or target or "-", signals=signals)


@commands.command("import")
@click.argument("files", metavar="FILE|DIR...", nargs=-1, required=True)
@config_options
@json_option
def import_(source: Source, *, files: tuple[str, ...], as_json: bool) -> int:
    """Take in OTLP files: JSON lines (gzip too), and recorded requests NNN-traces.pb or .json.

    What is there already is not stored twice.
    A running collector is sent the data; otherwise the database is written to directly.
    """
    from spanledger import incoming

    return incoming.show(source.load(), files, as_json=as_json)


@commands.command()
@config_options
def mcp(source: Source) -> None:
    """Serve an agent over standard input and output, by the Model Context Protocol.

    A running collector does the same for many at /mcp of its HTTP port.
    """
    from spanledger import serve_agents as page

    page.show(source.load())


@commands.group(cls=WithDefault)
def rejections() -> None:
    """List items that were refused, show one, or send them again."""


@rejections.command("list")
@config_options
@json_option
@click.option("--session", metavar="ID", help="Only commands of this session.")
@click.option("--service", metavar="NAME", help="Only commands of this service.")
@click.option("--event-id", "command", metavar="ID", help="Only the command that its sender named so.")
@click.option("--code", metavar="CODE", help="Only commands with this fault, such as UNKNOWN_STATUS.")
@click.option("--state", type=click.Choice(["rejected", "parked", "resolved", "expired"]), help="Only in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many to show.")
def rejections_list(source: Source, *, limit: int, as_json: bool, **where: str | None) -> None:
    """List the newest refused items and commands; this is what `rejections` alone does.

    A command about something that is not there yet is parked: it waits for that.
    """
    from spanledger import rejections as page

    given = {name: value for name, value in where.items() if value}
    page.show_list(source.load(), given, limit=limit, as_json=as_json)


@rejections.command("show")
@click.argument("number", metavar="ID", type=int)
@config_options
@json_option
def rejections_show(source: Source, *, number: int, as_json: bool) -> None:
    """Show one refused item, its payload included."""
    from spanledger import rejections as page

    page.show_one(source.load(), number, as_json=as_json)


@rejections.command("replay")
@click.argument("numbers", metavar="[ID...]", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Send every refused item again.")
@config_options
@json_option
def rejections_replay(source: Source, *, numbers: tuple[int, ...], everything: bool, as_json: bool) -> int:
    """Send refused items again, for instance after an upgrade."""
    if bool(numbers) == everything:
        raise click.UsageError("say which items to send again: either their IDs or --all")
    from spanledger import rejections as page

    return page.replay(source.load(), numbers, as_json=as_json)


PARTS = (book, retaining, keys, questions, reports, upkeep)
for command in (each for part in PARTS for each in part.COMMANDS):
    commands.add_command(command)
