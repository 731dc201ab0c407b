"""Choose what is sent: by project and agent, which a record's resource names."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

import orjson

from schema.encode import Item

PROJECT_KEYS: Final = ("project.key", "service.namespace")
RESOURCES: Final = 1024
"""Resources whose answer is remembered."""


class Filter:
    """Choose items; an empty choice takes all."""

    def __init__(self, *, projects: Collection[str], agents: Collection[str]) -> None:
        """Take what names one of the projects and one of the agents."""
        self._projects = frozenset(projects)
        self._agents = frozenset(agents)
        self._of_project = lru_cache(RESOURCES)(self._names_project)

    def chosen(self, items: Iterable[Item]) -> list[Item]:
        """Give those that are to be sent, in order."""
        return [item for item in items if self._takes(item)]

    def _takes(self, item: Item) -> bool:
        if self._agents and item["service_name"] not in self._agents:
            return False
        return not self._projects or self._of_project(item["resource"])

    def _names_project(self, resource: str) -> bool:
        attributes = orjson.loads(resource)
        return any(attributes.get(key) in self._projects for key in PROJECT_KEYS)
