"""Mirror `mirror.handed`: rows read elsewhere arrive as they were, and nothing else gets in."""

from typing import Any

import orjson
import pytest

from core.errors import Invalid
from mirror.facts import read_session
from mirror.handed import STEPS, hand_over, taken_over
from mirror.rows import missing, session_changes, trouble
from mirror.session import Held
from schema.derived import AGENTS, JOB_HISTORY, MIRROR_TROUBLES, Changes
from tests.support import sessions


def example() -> Changes:
    """Make changes of every kind."""
    held = Held("/s", orjson.dumps(sessions.state("s")), 1)
    changes = session_changes(read_session(held), held, "/p", "/p", "2026-01-01T00:00:00.000000Z")
    changes.put[MIRROR_TROUBLES.name] = [trouble("/t", "is empty", "2026-01-01T00:00:00.000000Z")]
    changes.gone[MIRROR_TROUBLES.name] = [("/u",)]
    changes.steps.append(missing("/v", "2026-01-01T00:00:00.000000Z"))
    return changes


def test_there_and_back() -> None:
    """Changes arrive as they were; every step that a mirror makes is known."""
    changes = example()

    assert changes == taken_over(orjson.loads(orjson.dumps(hand_over(changes))))
    assert STEPS.keys() == {step.name for step in changes.steps}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"put": [1]}, "put is no object"),
        ({"put": {JOB_HISTORY.name: []}}, "'job_history' holds nothing that is mirrored"),
        ({"put": {MIRROR_TROUBLES.name: {}}}, "put.mirror_troubles is no list"),
        ({"put": {MIRROR_TROUBLES.name: [["/a"]]}}, "a list of 3 values is wanted"),
        ({"put": {MIRROR_TROUBLES.name: [["/a", [], ""]]}}, "a list of 3 values is wanted"),
        ({"put": {AGENTS.name: [["a"] * 15]}}, "the emitter of mirrored rows is 'mirror'"),
        ({"gone": {AGENTS.name: [["a"]]}}, "only troubles are removed"),
        ({"steps": {}}, "steps is no list"),
        ({"steps": ["x"]}, "'None' is no step"),
        ({"steps": [{"name": "forget_series", "values": {}}]}, "'forget_series' is no step"),
        ({"steps": [{"name": "miss_session", "values": {"path": "/a"}}]}, "'miss_session' is no step"),
        ({"steps": [{"name": "miss_session", "values": {"path": [], "now": ""}}]}, "takes texts and numbers"),
    ],
)
def test_what_is_not_mirrored(told: dict[str, Any], reason: str) -> None:
    """Other tables, other emitters, other steps and rows of another shape are refused."""
    with pytest.raises(Invalid, match=reason):
        taken_over(told)
