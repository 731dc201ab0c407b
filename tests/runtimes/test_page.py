"""The page of runtimes says what the data and the recordings say."""

import ast
import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from mapping.calls import Call
from tests.runtimes import coverage as covered
from tests.runtimes.coverage import FACTS, Share, coverage
from tests.runtimes.page import DATA, PAGE, page, runtimes
from tests.runtimes.pairs import Found
from tests.runtimes.read import keys_of
from tests.support.corpus import ALL

READERS: dict[str, Callable[[str], object]] = {"json": json.loads, "toml": tomllib.loads, "python": ast.parse}
EMITTERS = {entry["id"] for entry in json.loads((DATA.parent / "emitters.json").read_text())}


def test_the_page_is_up_to_date() -> None:
    """The committed page is what the generator gives; `make docs` writes it."""
    assert page() == PAGE.read_text("utf-8"), "docs/runtimes.md is out of date; run: make docs"


def test_every_recording_and_every_emitter_has_its_runtime() -> None:
    """A new recording or emitter needs a place on the page; none stands on it twice or without being there.

    What speaks of work in the words of the tracking vocabulary may be any program.
    """
    sources = [name for one in runtimes() for name in one["sources"]]

    assert sorted(ALL) == sorted(sources)
    assert EMITTERS - {"tracking"} == {emitter for one in runtimes() for emitter in one["emitters"]}


@pytest.mark.parametrize("one", runtimes(), ids=lambda one: one["id"])
def test_each_runtime_is_pointed_at_the_collector(one: dict[str, Any]) -> None:
    """Settings name an address of the collector's, its file is named after it, and links are whole."""
    text = json.dumps(one["settings"])

    assert (DATA / f"{one['id']}.json").exists()
    assert any(told in text for told in ("4318", "4317", "no setting here"))
    assert all(link.startswith("https://") for link in one["links"])
    assert one["about"]


@pytest.mark.parametrize("one", runtimes(), ids=lambda one: one["id"])
def test_settings_are_whole(one: dict[str, Any]) -> None:
    """What is to be pasted can be read in its language; an ellipsis stands where something is one's own."""
    for block in one["settings"]:
        text = "\n".join(block["text"])
        if block["language"] in READERS:
            READERS[block["language"]](text)
        else:
            assert block["language"] in {"sh", "js", "text"}


def test_what_is_equal_is_exact_and_what_is_changed_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call with another number of tokens makes its fact partial, and a fact that no record tells is absent."""
    assert coverage("google-adk")["input tokens"] == Share(23, 23)
    assert (Share(0, 2).verdict, Share(1, 2).verdict, Share(2, 2).verdict) == ("absent", "partial", "exact")
    assert Share(0, 0).verdict == "none"

    found = Found("google-adk")
    truth = json.loads(json.dumps(found.truth))
    truth["llm_calls"][0]["tokens"]["output_total"] += 1
    truth["turns"][0]["prompt"] = "something else"
    found.__dict__["truth"] = truth

    assert [False] + [True] * 22 == sorted(FACTS["output tokens"](found))
    assert [False] + [True] * 12 == sorted(FACTS["prompts"](found))


def test_pairs_are_one_to_one() -> None:
    """No call stands for two of the truth's, in any recording."""
    for name in ALL:
        told = [id(call) for _, call in Found(name).calls if isinstance(call, Call)]
        assert len(told) == len(set(told)), name


def test_facts_that_nothing_tells_are_absent() -> None:
    """AutoGen has no spans of model calls."""
    shares = coverage("autogen")

    assert {"absent"} == {shares[fact].verdict for fact in ("model calls", "input tokens", "cost", "arguments")}
    assert shares["tool calls"].verdict == "exact"


def test_keys_of_a_runtime_that_is_not_recorded_are_its_own() -> None:
    """Only its own dialect's keys are named."""
    assert keys_of(["docker_agent"])["tool names"] == ["tool.name"]
    assert keys_of([]) == {}
    assert covered.FACTS.keys() >= keys_of(sorted(EMITTERS)).keys()
