"""Give the commands that keep what is kept right: rebuild, recost, prices, sync."""

from pathlib import Path

import click

from spanledger.options import Source, WithDefault, config_options, json_option

RATE = click.FloatRange(0)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--search", "texts", is_flag=True, help="Make the index of texts anew, and nothing else.")
@config_options
@json_option
def rebuild(source: Source, *, texts: bool, as_json: bool) -> None:
    """Derive sessions, jobs, calls and costs again from the raw records.

    A running collector does it beside its work; otherwise this command does. What programs wrote themselves stays.
    """
    if texts:
        from spanledger import index_again

        return index_again.show(source.load(), as_json=as_json)
    from spanledger import looking_back as page

    return page.show(source.load(), "rebuild", as_json=as_json)


@click.command()
@config_options
@json_option
def recost(source: Source, *, as_json: bool) -> None:
    """Price past model calls by the prices of now; what senders said themselves stays."""
    from spanledger import looking_back as page

    page.show(source.load(), "recost", as_json=as_json)


@click.group(cls=WithDefault)
def prices() -> None:
    """List, set and import prices of models."""


@prices.command("list")
@config_options
@json_option
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many to show.")
def prices_list(source: Source, *, limit: int, as_json: bool) -> None:
    """List prices that you set or imported; this is what `prices` alone does."""
    from spanledger import show_prices as page

    page.show_list(source.load(), limit=limit, as_json=as_json)


@prices.command("set")
@click.argument("model")
@click.option("--provider", default="", metavar="NAME", help="Only of this provider, such as openai.")
@click.option("--input", "input_mtok", type=RATE, metavar="USD", help="Dollars a million input tokens.")
@click.option("--output", "output_mtok", type=RATE, metavar="USD", help="Dollars a million output tokens.")
@click.option("--cache-read", "cache_read_mtok", type=RATE, metavar="USD", help="The same read from the cache.")
@click.option("--cache-write", "cache_write_mtok", type=RATE, metavar="USD", help="The same written to the cache.")
@click.option("--context-window", type=click.IntRange(1), metavar="TOKENS", help="How much the model can read.")
@click.option("--from", "valid_from", metavar="DATE", help="Good from this day on, such as 2026-11-21.")
@config_options
@json_option
def prices_set(source: Source, *, as_json: bool, **values: str | float | None) -> None:
    """Set the price of MODEL; it wins over every other one. Past calls change with `spanledger recost`."""
    from spanledger import show_prices as page

    page.change(source.load(), "set_price", values, as_json=as_json)


@prices.command("remove")
@click.argument("model")
@click.option("--provider", default="", metavar="NAME", help="The provider that it was set for.")
@click.option("--from", "valid_from", metavar="DATE", help="The day that it was set from.")
@config_options
@json_option
def prices_remove(source: Source, *, as_json: bool, **values: str | None) -> None:
    """Forget a price that you set."""
    from spanledger import show_prices as page

    page.change(source.load(), "remove_price", values, as_json=as_json)


@prices.command("import")
@click.argument("prices_file", metavar="FILE", type=FILE)
@config_options
@json_option
def prices_import(source: Source, *, prices_file: Path, as_json: bool) -> None:
    """Import prices from LiteLLM's model_prices_and_context_window.json, for models that no other catalogue has."""
    from spanledger import show_prices as page

    page.take(source.load(), prices_file, as_json=as_json)


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@config_options
@json_option
def sync(source: Source, *, paths: tuple[str, ...], as_json: bool) -> int:
    """Mirror session directories at or below each PATH: phases, checkpoints and agents of work sessions.

    They are read, never written to. A running collector does it where [sync] paths lets it; else this command does.
    The exit status is 1 when a directory cannot be read.
    """
    from spanledger import syncing as page

    return page.show(source.load(), paths, as_json=as_json)


COMMANDS = (rebuild, recost, prices, sync)
