"""Answer `spanledger prices`: list, set, remove, import."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from core.errors import Invalid
from spanledger.config import Config
from spanledger.hands import write
from spanledger.options import reading
from spanledger.terminal import say, say_json, table

SHOWN: Final = {
    "model": "model",
    "provider": "provider",
    "valid_from": "from",
    "input_mtok": "input",
    "cache_read_mtok": "cached",
    "cache_write_mtok": "written",
    "output_mtok": "output",
    "source": "source",
}
THEN: Final = "calls from now on are priced by it; `spanledger recost` prices past ones"


def show_list(config: Config, *, limit: int, as_json: bool) -> None:
    """List what was set and imported, in dollars a million tokens."""
    with reading(config) as side:
        rows = side.report("prices", limit=limit)
    if as_json:
        say_json(rows)
    elif rows:
        say(table(list(SHOWN.values()), [[row[name] for name in SHOWN] for row in rows]))
    else:
        say("none are set; bundled prices are used. Set one with `spanledger prices set MODEL --input 3 --output 15`")


def change(config: Config, operation: str, values: Mapping[str, Any], *, as_json: bool) -> None:
    """Set or forget a price."""
    answer = write(operation, values, db=config.store.path)
    if as_json:
        say_json(answer)
    else:
        say(f"the price of {answer['model']} is {'set' if operation == 'set_price' else 'forgotten'}; {THEN}")


def take(config: Config, file: Path, *, as_json: bool) -> None:
    """Import a file of LiteLLM's."""
    try:
        told = json.loads(file.read_bytes())
    except ValueError as error:
        raise Invalid(f"{file} is not JSON: {error}") from error
    answer = write("import_prices", {"litellm": told}, db=config.store.path)
    if as_json:
        say_json(answer)
        return
    say(f"{answer['imported']} prices imported, {answer['skipped']} entries without a price of tokens passed over")
    if answer["tiered"]:
        say(f"{answer['tiered']} of these models cost more for large requests, which is left out")
