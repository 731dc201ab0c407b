"""What the clock alone changes is known beforehand: it comes to the rows that deriving again would."""

from pathlib import Path

import pytest

from derive import deriver, groups
from derive.groups import Group
from derive.meaning import Meaning, Rules, meaning
from derive.metered import Read
from tests.derive.ledgers import last_time
from tests.derive.test_once import agree
from tests.support.corpus import SOURCES, source
from tests.support.derived import Derived, batches

SECOND = 1_000_000_000
OVER = 11 * SECOND
"""A little more than a job's grace."""
JOBS = "select (select count(*) from open_jobs), (select count(*) from job_history)"
ENDED = "otel-python-http-gzip"
"""A source whose jobs end with its last records."""


@pytest.fixture(params=["held", "asleep"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have room for all groups, or for none: these fall asleep at once."""
    if request.param == "asleep":
        monkeypatch.setattr(groups, "HELD_FACTS", 0)


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("name", SOURCES)
def test_it_comes_to_what_deriving_again_would(name: str, tmp_path: Path) -> None:
    """Also when more comes after a job seemed to be over, or just before."""
    held = batches(source(name).requests)
    parts = [held[: len(held) // 3], held[len(held) // 3 : len(held) // 2], held[len(held) // 2 :]]
    with Derived(tmp_path / "step by step") as derived:
        for part, pause in zip(parts, (OVER, SECOND, OVER), strict=True):
            if part:
                derived.commit(*part)
                derived.derive(last_time(part))
                derived.derive(end := last_time(part) + pause)
        found = derived.tables()
    with Derived(tmp_path / "at once") as derived:
        derived.commit(*held)
        derived.derive(end)
        expected = derived.tables()

    agree(expected, found)


@pytest.mark.usefixtures("room")
def test_nothing_is_derived_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a grace costs no more than the rows that it changes."""
    times: list[int] = []

    def noted(group: Group, now: int, rules: Rules, read: Read) -> Meaning:
        times.append(now)
        return meaning(group, now, rules, read)

    monkeypatch.setattr(deriver, "meaning", noted)
    held = batches(source(ENDED).requests)
    ended = last_time(held)
    with Derived(tmp_path) as derived:
        derived.commit(*held)
        derived.deriver.step(ended)
        before = derived.rows(JOBS)
        derived.deriver.step(ended + OVER)
        after = derived.rows(JOBS)
    assert (0, before[0][0]) == (before[0][1], after[0][1])
    assert before[0][0] > after[0][0] == 0
    assert {ended} == {*times}
