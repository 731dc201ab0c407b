"""Answer `spanledger tools`."""

from collections.abc import Mapping
from typing import Any

from api import reading, tool_sums
from spanledger.config import Config
from spanledger.options import reading as opened
from spanledger.show_sessions import NOTHING, tools_table
from spanledger.terminal import say, say_json

HINTS = {"session": "`spanledger sessions` lists them", "job": "`spanledger jobs` lists them"}


def show(config: Config, where: Mapping[str, Any], *, limit: int, as_json: bool) -> None:
    """Count each tool's calls and failures."""
    asked = dict(where)
    with opened(config) as side:
        for name, hint in HINTS.items():
            if name in asked:
                asked[name] = reading.whole_id(side, name, asked[name], hint=hint)
        items = tool_sums.tools(side, limit=limit, **asked)["items"]
    if as_json:
        say_json(items)
    elif not items:
        say("no tool call is like that; leave a filter out" if where else NOTHING)
    else:
        say(tools_table(items))
