"""Give erasing what it needs of the daemon's processes."""

from collections.abc import Callable

from derive.channel import Order
from derive.following import Following
from derive.index_following import IndexFollowing
from retention.helpers import Helpers, Ordered
from spanledger.config import Config


def helpers(config: Config, following: Following, indexing: IndexFollowing, stopped: Callable[[], bool]) -> Helpers:
    """Have both processes do what erasing orders of them."""
    return Helpers(
        Ordered(lambda: following.order(Order.LET_GO), lambda: following.done),
        Ordered(indexing.purge, lambda: indexing.purged),
        config.retention.archive.folder,
        stopped,
    )
