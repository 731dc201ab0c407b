"""Own the processes that keep what is made of the raw records: the derived tables, and the index of texts."""

from typing import Any, Final

from derive.following import Following
from derive.index_following import IndexFollowing

SEARCH: Final = "search"
"""The order to make the index of texts anew."""


class Keeping:
    """Start and stop both, and carry orders to the one that they are for."""

    def __init__(self, following: Following, indexing: IndexFollowing) -> None:
        """Start neither."""
        self.following, self.indexing = following, indexing

    def start(self) -> None:
        """Start both."""
        self.following.start()
        self.indexing.start()

    def stop(self) -> None:
        """End both."""
        self.indexing.stop()
        self.following.stop()

    def order(self, name: str) -> int:
        """Ask for something; give the order's number among those of its process."""
        return self.indexing.order() if name == SEARCH else self.following.order(name)

    def state(self) -> dict[str, Any]:
        """Say how far the derived tables are behind, and under «search» how far the index is."""
        return {**self.following.state(), SEARCH: self.indexing.state()}
