"""Read LiteLLM's `model_prices_and_context_window.json` into rows, for models that no other catalogue has.

The file has one object for each model: dollars a token in `input_cost_per_token`, `output_cost_per_token`,
`cache_read_input_token_cost` and `cache_creation_input_token_cost`, and what it can read in `max_input_tokens`.
It knows no history, so a row is good for all time. A row has no tiers either: what a file says of requests over some
size (`…_above_200k_tokens`) is left out, and `Imported.tiered` says of how many models.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.errors import Refused
from pricing.money import EXACT, number
from pricing.names import from_litellm
from pricing.price import NO_HISTORY, Price, can_be_price

SAMPLE: Final = "sample_spec"
PROVIDER: Final = "litellm_provider"
COSTS: Final = (
    "input_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "output_cost_per_token",
)
MORE_ABOVE: Final = tuple(f"{cost}_above_" for cost in COSTS)
PLACES: Final = 6
"""Dollars a token, moved by so many places, are dollars a million tokens."""
EXPECTED: Final = "expected LiteLLM's model_prices_and_context_window.json"


@dataclass(frozen=True, slots=True)
class Imported:
    """Hold what a file gave: rows, each model of a provider once, and how many entries it gave none for.

    `skipped` are entries without a price for input or output tokens, and names that came before.
    `tiered` are rows of models that cost more from some size on, which a row cannot say.
    """

    rows: tuple[Price, ...]
    skipped: int
    tiered: int


def read(source: str | bytes | Mapping[str, Any], *, taken_on: date) -> Imported:
    """Read the file, or what a JSON parser made of it; rows carry the day on which it was taken as their source.

    Refused when it is no JSON, or some other JSON.
    """
    entries = dict(_entries(_parsed(source)))
    if not entries:
        raise Refused(f"No entry has {PROVIDER!r}: {EXPECTED}.")
    rows: dict[tuple[str, str], Price] = {}
    tiered = set()
    for name, entry in entries.items():
        row = _row(name, entry, f"litellm {taken_on}")
        if row and (row.provider, row.model) not in rows:
            rows[row.provider, row.model] = row
            tiered.update([name] if _is_tiered(entry) else [])
    return Imported(tuple(rows.values()), len(entries) - len(rows), len(tiered))


def _parsed(source: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    parsed: Any = source
    if isinstance(source, str | bytes):
        try:
            parsed = json.loads(source, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise Refused(f"This is no JSON ({error}): {EXPECTED}.") from error
    if not isinstance(parsed, Mapping):
        raise Refused(f"This JSON is no object of models: {EXPECTED}.")
    return parsed


def _entries(parsed: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give what is about a model; the file also explains itself, and has rules."""
    for name, entry in parsed.items():
        if name != SAMPLE and isinstance(entry, Mapping) and isinstance(entry.get(PROVIDER), str):
            yield name, entry


def _row(name: str, entry: Mapping[str, Any], source: str) -> Price | None:
    came, cached, written, went = (_per_million(entry.get(cost)) for cost in COSTS)
    model = _model(name, entry[PROVIDER])
    if (came is None and went is None) or not model:
        return None
    provider = from_litellm(entry[PROVIDER])
    return Price(provider, model, NO_HISTORY, came, cached, written, went, _window(entry), source)


def _window(entry: Mapping[str, Any]) -> int | None:
    told = entry.get("max_input_tokens")
    return told if type(told) is int and told > 0 else None


def _per_million(cost: object) -> Decimal | None:
    """Give dollars a million tokens; the file has numbers, and some that somebody wrote as text."""
    told = number(cost)
    mtok = None if told is None else told.scaleb(PLACES, context=EXACT)
    return mtok if mtok is not None and can_be_price(mtok) else None


def _model(name: str, provider: str) -> str:
    """Give the name without the provider's: `vertex_ai/claude-x` of `vertex_ai-anthropic_models` is `claude-x`."""
    first, slash, rest = name.partition("/")
    return rest if slash and provider.startswith(first) else name


def _is_tiered(entry: Mapping[str, Any]) -> bool:
    return any(key.startswith(MORE_ABOVE) for key in entry)
