"""Put items into a tree by what each says of its parent, whatever is missing or goes round in a circle."""

from collections.abc import Sequence
from itertools import islice
from operator import gt

Node = tuple[str, str | None]
"""The id of an item and that of its parent."""


def depths(nodes: Sequence[Node]) -> list[tuple[int, int]]:
    """Give the place of each node in its list, and its depth, in the order of the tree; parents come first.

    A node whose parent is not there is a root; of nodes in a circle the first is. Children keep their order.
    """
    order, deep = placed([node for node, _ in nodes], [parent for _, parent in nodes])
    return [(at, deep[at]) for at in order]


def placed(
    nodes: Sequence[str], parents: Sequence[str | None], times: Sequence[int] | None = None
) -> tuple[list[int], list[int]]:
    """Give the places of nodes in the order of the tree, and the depth of each by its place.

    With `times`, children stand in the order of these. The parents of many nodes stand apart: a pair for each would
    have Python look for garbage again and again.
    """
    children, roots = _families(nodes, parents)
    if times is not None and any(map(gt, times, islice(times, 1, None))):
        for few in [roots, *filter(None, children)]:
            few.sort(key=times.__getitem__)
    deep = [0] * len(nodes)
    order: list[int] = []
    _walk(roots, children, deep, order)
    if len(order) < len(nodes):
        _walk_circles(children, deep, order)
    return order, deep


def _walk(roots: Sequence[int], children: Sequence[list[int] | None], deep: list[int], order: list[int]) -> None:
    """Go down from the roots; every node has one parent, so none is met twice."""
    stack = [*reversed(roots)]
    follow, put, leave = stack.extend, order.append, stack.pop
    while stack:
        at = leave()
        put(at)
        below = children[at]
        if below:
            depth = deep[at] + 1
            for child in below:
                deep[child] = depth
            below.reverse()
            follow(below)


def _walk_circles(children: Sequence[list[int] | None], deep: list[int], order: list[int]) -> None:
    """Go round each circle from the first of its nodes on."""
    seen = bytearray(len(children))
    for at in order:
        seen[at] = 1
    for root in range(len(children)):
        stack = [(root, 0)]
        while stack:
            at, depth = stack.pop()
            if not seen[at]:
                seen[at] = 1
                deep[at] = depth
                order.append(at)
                stack.extend((child, depth + 1) for child in reversed(children[at] or ()))


def _families(nodes: Sequence[str], parents: Sequence[str | None]) -> tuple[list[list[int] | None], list[int]]:
    """Say which nodes are below each, and which are below none; of several with one id the first has the children."""
    count = len(nodes)
    places: dict[str | None, int] = dict(zip(nodes, range(count), strict=True))
    if len(places) < count:
        places = dict(zip(reversed(nodes), range(count - 1, -1, -1), strict=True))
    children: list[list[int] | None] = [None] * len(nodes)
    roots: list[int] = []
    for at, above in enumerate(map(places.get, parents)):
        if above is None or above == at:
            roots.append(at)
            continue
        below = children[above]
        if below is None:
            children[above] = [at]
        else:
            below.append(at)
    return children, roots
