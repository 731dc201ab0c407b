"""Answer `spanledger check`."""

import click

from spanledger import toml_text
from spanledger.config import validate
from spanledger.mistakes import Mistaken
from spanledger.options import Source
from spanledger.terminal import note, say, say_json, visible

MISTAKEN = 2


def show(source: Source, *, as_json: bool) -> int:
    """Print the configuration in force, or every mistake in it."""
    merged = source.gather()
    for line in merged.warnings:
        note(f"Warning: {line}")
    try:
        config = validate(merged)
    except Mistaken as error:
        return _mistaken(error, as_json=as_json)
    if as_json:
        say_json({"valid": True, "mistakes": [], "config": config.model_dump(mode="json")})
    else:
        click.echo(visible(toml_text.write(config, merged).encode()), nl=False)
    return 0


def _mistaken(error: Mistaken, *, as_json: bool) -> int:
    if as_json:
        say_json({"valid": False, "mistakes": error.lines, "config": None})
        return MISTAKEN
    for line in error.lines:
        say(line)
    count = len(error.lines)
    note(f"{count} mistake{'s' if count > 1 else ''}")
    return MISTAKEN
