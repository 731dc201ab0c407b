"""Put items into a tree by what each says of its parent, whatever is missing or goes round in a circle."""

from collections.abc import Sequence

Node = tuple[str, str | None]
"""The id of an item and that of its parent."""


def depths(nodes: Sequence[Node]) -> list[tuple[int, int]]:
    """Give the place of each node in its list, and its depth, in the order of the tree; parents come first.

    A node whose parent is not there is a root; of nodes in a circle the first is. Children keep their order.
    """
    children, roots = _families(nodes)
    seen = bytearray(len(nodes))
    order: list[tuple[int, int]] = []
    for root in (*roots, *range(len(nodes))):  # after the roots, whatever no root leads to
        stack = [(root, 0)]
        while stack:
            at, depth = stack.pop()
            if seen[at]:
                continue
            seen[at] = 1
            order.append((at, depth))
            stack.extend((child, depth + 1) for child in reversed(children.get(at, ())) if not seen[child])
    return order


def _families(nodes: Sequence[Node]) -> tuple[dict[int, list[int]], list[int]]:
    places: dict[str, int] = {}
    for at, (node, _) in enumerate(nodes):
        places.setdefault(node, at)
    children: dict[int, list[int]] = {}
    roots: list[int] = []
    for at, (_, parent) in enumerate(nodes):
        above = places.get(parent) if parent is not None else None
        if above is None or above == at:
            roots.append(at)
        else:
            children.setdefault(above, []).append(at)
    return children, roots
