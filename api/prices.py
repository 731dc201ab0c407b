"""Make writes about prices: a user's own, and a file of imported ones (mapping.md E)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from api.bodies import fields
from api.checks import Fields
from api.writing import Moment, Write, telling
from core.errors import Invalid, Refused
from pricing import litellm
from pricing.money import number
from pricing.price import NO_HISTORY, USER, Price
from schema.derived import MODEL_PRICES, Changes, Row, Step

RATES: Final = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok")
NAMES: Final = (
    ("model", "id!"),
    ("provider", "text"),
    ("valid_from", "text", "The first day of the price, such as 2026-11-21; without it the price has no beginning."),
)
SET: Final = fields((*NAMES, *((name, "number") for name in RATES), ("context_window", "whole")), table="model_prices")
REMOVED: Final = fields(NAMES, table="model_prices")
TAKEN: Final = fields((("litellm", "object!", "What LiteLLM's model_prices_and_context_window.json holds."),))


def put(values: Mapping[str, Any], _moment: Moment) -> Write:
    """Set a user's price of a model, in dollars a million tokens; it takes the place of an earlier one of that day."""
    told = Fields(values, known=SET)
    rates = [told.number(name) for name in RATES]
    if rates[0] is None and rates[-1] is None:
        raise Invalid("neither input_mtok nor output_mtok is given; dollars a million tokens are wanted")
    price = _price(told, rates)
    return Write(Changes(put={MODEL_PRICES.name: [_row(price)]}), telling(model=price.model, provider=price.provider))


def remove(values: Mapping[str, Any], _moment: Moment) -> Write:
    """Forget a user's price of a model."""
    told = Fields(values, known=REMOVED)
    key = (told.text("provider") or "", told.needed("model"), told.text("valid_from") or NO_HISTORY, USER)
    missing = f"there is no price of yours for {key[1]!r} with provider {key[0]!r} from {key[2]} on"
    bound = dict(zip(("provider", "model", "valid_from", "source"), key, strict=True))
    return Write(Changes(steps=[Step("forget_price", bound, missing)]), telling(model=key[1]))


def take(values: Mapping[str, Any], moment: Moment) -> Write:
    """Import LiteLLM's prices; they take the place of what was imported before, and count where no other price does."""
    told = Fields(values, known=TAKEN)
    file, today = told.raw("litellm"), date.fromisoformat(moment.now[:10])
    if not isinstance(file, dict):
        raise Invalid("litellm is missing; the object in model_prices_and_context_window.json is wanted")
    try:
        found = litellm.read(file, taken_on=today)
    except Refused as error:
        raise Invalid(str(error)) from error
    rows = [_row(price) for price in found.rows]
    changes = Changes(put={MODEL_PRICES.name: rows}, steps=[Step("forget_imports", {"kept": f"litellm {today}"})])
    return Write(changes, telling(imported=len(rows), skipped=found.skipped, tiered=found.tiered))


def _price(told: Fields, rates: list[float | None]) -> Price:
    try:
        return Price(
            told.text("provider") or "",
            told.needed("model"),
            told.text("valid_from") or NO_HISTORY,
            *(number(rates[0]), number(rates[1]), number(rates[2]), number(rates[3])),
            told.whole("context_window"),
            USER,
        )
    except Refused as error:
        raise Invalid(str(error)) from error


def _row(price: Price) -> Row:
    rates = (price.input_mtok, price.cache_read_mtok, price.cache_write_mtok, price.output_mtok)
    told = [None if rate is None else str(rate) for rate in rates]
    return (price.provider, price.model, price.valid_from, *told, price.context_window, price.source)
