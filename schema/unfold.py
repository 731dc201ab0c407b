"""Give decoded rows by the names of their columns, with what stands above them: what `schema.encode` writes."""

from collections.abc import Iterator
from typing import Final

from schema.encode import Item
from schema.rows import COLUMNS, RESOURCE_COLUMNS, SCOPE_COLUMNS, Batch

RESOURCE: Final = {
    "service_name": "service_name",
    "attributes": "resource",
    "dropped_attributes_count": "resource_dropped_attributes_count",
    "schema_url": "resource_schema_url",
    "entity_refs": "entity_refs",
}
SCOPE: Final = {
    "name": "scope_name",
    "version": "scope_version",
    "attributes": "scope_attributes",
    "dropped_attributes_count": "scope_dropped_attributes_count",
    "schema_url": "scope_schema_url",
}
"""What is taken of a resource and of a scope, and what it is called beside a row."""


def items(batch: Batch) -> Iterator[Item]:
    """Give a batch's rows in order."""
    for row in batch.rows:
        resource = dict(zip(RESOURCE_COLUMNS, batch.resources[row[0]], strict=True))
        scope = dict(zip(SCOPE_COLUMNS, batch.scopes[row[1]], strict=True))
        item = dict(zip(COLUMNS[batch.signal], row, strict=True))
        item.update((name, resource[column]) for column, name in RESOURCE.items())
        item.update((name, scope[column]) for column, name in SCOPE.items())
        yield item
