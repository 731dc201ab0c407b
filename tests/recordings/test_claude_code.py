"""The sources that are built stay what their builder builds."""

import json

import pytest

from schema.signals import WIRE, Signal
from tests.recordings.claude_code.recording import files, requests
from tests.support.corpus import BUILT, SOURCES, source


def test_what_is_built_is_no_recording() -> None:
    """The two lists share nothing."""
    assert set(SOURCES).isdisjoint(BUILT)


@pytest.mark.parametrize("name", BUILT)
def test_the_builder_still_makes_the_kept_requests(name: str) -> None:
    """Every request that was kept says what the builder says now; the archive itself may be packed otherwise."""
    kept, built = source(name), requests(name)
    read = [WIRE[Signal(request.signal)].request.FromString(request.body) for request in kept.requests]

    assert read == [request.message for request in built]


@pytest.mark.parametrize("name", BUILT)
def test_the_builder_still_tells_the_kept_truth(name: str) -> None:
    """What is known of the run is what the builder says now."""
    kept, built = source(name), files(name)

    assert kept.truth == json.loads(built["truth.json"])
    assert kept.meta["files"] == json.loads(built["meta.json"])["files"]
    assert kept.items == {"spans": 0, "log_records": 0, "metrics": 0, **json.loads(built["meta.json"])["items"]}


@pytest.mark.parametrize("name", BUILT)
def test_building_twice_gives_the_same_bytes(name: str) -> None:
    """Nothing depends on the clock or on chance."""
    assert files(name) == files(name)


def test_no_two_requests_share_a_number() -> None:
    """Each call can be found by its tokens."""
    answered = [call for call in source("claude-code-both").truth["llm_calls"] if call["ok"]]

    assert len(answered) == len({call["tokens"]["input_total"] for call in answered})
    assert len(answered) == len({call["tokens"]["output_total"] for call in answered})
