"""Remember which resources and scopes are stored, so that each is inserted about once."""

from collections import OrderedDict
from collections.abc import Mapping

from schema.rows import Row


class Known:
    """Remember the latest used ids, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ids: OrderedDict[int, None] = OrderedDict()

    def missing(self, rows: Mapping[int, Row]) -> list[Row]:
        """List the rows whose ids are new, and remember them."""
        found = [row for row_id, row in rows.items() if row_id not in self._ids]
        for row_id in rows:
            self._ids[row_id] = None
            self._ids.move_to_end(row_id)
        while len(self._ids) > self._limit:
            self._ids.popitem(last=False)
        return found

    def clear(self) -> None:
        """Forget them all: what a failed transaction had inserted is not there."""
        self._ids.clear()
