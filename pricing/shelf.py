"""Find the rows of the table that are about a model."""

from collections.abc import Iterable, Iterator
from typing import Final

from pricing.names import is_priced, shop, spellings
from pricing.offers import Known, of_rows
from pricing.price import Price

ANY: Final = ""


class Shelf:
    """Hold rows of one kind by provider and model, the newest first."""

    def __init__(self, rows: Iterable[Price]) -> None:
        self._rows: dict[tuple[str, str], list[Price]] = {}
        self._sellers: dict[str, set[str]] = {}
        for row in sorted(rows, key=lambda row: row.valid_from, reverse=True):
            provider, model = row.provider.lower(), row.model.lower()
            self._rows.setdefault((provider, model), []).append(row)
            self._sellers.setdefault(model, set()).add(provider)

    def known(self, provider: str | None, model: str) -> Known:
        """Look a model up by each of its spellings, for the provider and then for any."""
        if not self._rows:
            return Known()
        found = [row for name in spellings(model) for row in self._named(provider, name)]
        windows = (row.context_window for row in found if row.context_window is not None)
        return Known(of_rows(found), next(windows, None))

    def known_elsewhere(self, provider: str | None, model: str) -> Known:
        """Look a model up as if its provider was not known: many speak the language of one who does not have it."""
        return self.known(None, model) if is_priced(provider) else Known()

    def _named(self, provider: str | None, name: str) -> Iterator[Price]:
        for seller in dict.fromkeys(self._sellers_of(provider, name)):
            yield from self._rows.get((seller, name), ())

    def _sellers_of(self, provider: str | None, name: str) -> Iterator[str]:
        """Give the provider and then any; when it is not known, any and then the only one who has the model."""
        if provider:
            yield provider.lower()
            yield shop(provider) or ANY
        yield ANY
        if not provider and len(sellers := self._sellers.get(name, set()) - {ANY}) == 1:
            yield from sellers
