"""Items are chosen by what their resource names."""

from typing import Any

import pytest

from exporters.filters import Filter

ITEMS: list[dict[str, Any]] = [
    {"service_name": "codex", "resource": '{"project.key":"web"}'},
    {"service_name": "codex", "resource": '{"service.namespace":"shop","project.key":5}'},
    {"service_name": "claude-code", "resource": "{}"},
]


@pytest.mark.parametrize(
    ("projects", "agents", "chosen"),
    [
        ((), (), [0, 1, 2]),
        (("web",), (), [0]),
        (("web", "shop"), (), [0, 1]),
        ((), ("claude-code",), [2]),
        (("web",), ("claude-code",), []),
    ],
)
def test_items_are_chosen(projects: tuple[str, ...], agents: tuple[str, ...], chosen: list[int]) -> None:
    """Nothing named takes all; both named take what fits both."""
    assert [ITEMS[place] for place in chosen] == Filter(projects=projects, agents=agents).chosen(ITEMS)
