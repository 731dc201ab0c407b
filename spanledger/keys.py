"""Give the commands about who may come in: token, audit."""

import click

from spanledger.options import Source, WithDefault, config_options, json_option


@click.group(cls=WithDefault)
def token() -> None:
    """Make, list and revoke the tokens that open the collector.

    Once there is one, every request but the health checks needs one.
    """


@token.command("make")
@click.argument("name")
@click.option("--scope", "scopes", default="ingest", show_default=True, metavar="WORDS", help="Of ingest, read, admin.")
@click.option("--expires", metavar="DURATION", help="Good for this long, such as 90d; for ever unless told.")
@config_options
@json_option
def token_make(source: Source, *, name: str, scopes: str, expires: str | None, as_json: bool) -> None:
    """Make a token and write it to standard output, this once; NAME says for whom it is."""
    from spanledger import show_tokens as page

    page.make(source.load(), name, scopes=scopes, expires=expires, as_json=as_json)


@token.command("list")
@config_options
@json_option
def token_list(source: Source, *, as_json: bool) -> None:
    """List the tokens that were made; this is what `token` alone does."""
    from spanledger import show_tokens as page

    page.show_list(source.load(), as_json=as_json)


@token.command("revoke")
@click.argument("number", metavar="ID")
@config_options
@json_option
def token_revoke(source: Source, *, number: str, as_json: bool) -> None:
    """Let a token in no more."""
    from spanledger import show_tokens as page

    page.revoke(source.load(), number, as_json=as_json)


@click.command()
@config_options
@json_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many to show.")
def audit(source: Source, *, limit: int, as_json: bool) -> None:
    """List who changed what by hand: tokens, prices, deletions."""
    from spanledger import show_tokens as page

    page.audit(source.load(), limit=limit, as_json=as_json)


COMMANDS = (token, audit)
