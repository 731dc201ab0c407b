"""Hold groups of records in memory: no more than that, counted with what a group takes by itself."""

from collections.abc import Callable

import pytest

from derive import groups
from derive.groups import GROUP_WEIGHT, TEXT, Group, Groups
from derive.later import SOON, Later
from mapping.facts import Fact

HELD = 100


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], Groups]:
    """Make many groups of so many facts, all of them derived from; few facts may be held."""
    monkeypatch.setattr(groups, "HELD_FACTS", HELD)

    def make(count: int, facts: int) -> Groups:
        known = Groups()
        for number in range(count):
            group = Group(traces={f"trace-{number}"})
            for place in range(facts):
                group.add(_fact(f"trace-{number}/{place}"), [])
            known.rest(known.enter(group))
        return known

    return make


def test_a_group_of_one_fact_takes_as_much_as_three(quiet: Callable[[int, int], Groups]) -> None:
    """Groups with one fact each are held for what they take, and the longest quiet are forgotten."""
    known = quiet(HELD, 1)
    known.forget(written=0)
    assert len(list(known)) == HELD // (1 + GROUP_WEIGHT)
    assert known.of_trace("trace-0") is None
    assert known.of_trace(f"trace-{HELD - 1}") is not None


def test_large_groups_are_held_by_their_facts(quiet: Callable[[int, int], Groups]) -> None:
    """What a group takes by itself hardly counts beside many facts."""
    known = quiet(4, 23)
    known.forget(written=0)
    assert len(list(known)) == HELD // (23 + GROUP_WEIGHT)


def test_long_texts_take_room(quiet: Callable[[int, int], Groups]) -> None:
    """Prompts and answers are held whole: the longer they are, the fewer facts beside them."""
    known = quiet(HELD, 1)
    for group in [*known]:
        for fact in group.facts.values():
            fact.prompt, fact.answer = "p" * TEXT, "a" * TEXT * 6
        group.forget_contents()
        known.rest(group)
    known.forget(written=0)
    assert len(list(known)) == HELD // (1 + GROUP_WEIGHT + 7)


def test_what_a_group_asleep_will_write_takes_room() -> None:
    """It is the only text that is left in it."""
    group = Group(
        texts=100 * TEXT, later=[Later(SOON, None, {"job_history": {("job",): ("job", "p" * TEXT * 3, 7)}}, {})]
    )
    group.fall_asleep()
    assert group.weight == GROUP_WEIGHT + 3


def test_nothing_is_forgotten_that_is_not_written(quiet: Callable[[int, int], Groups]) -> None:
    """A group whose changes are on their way cannot be read again yet."""
    known = quiet(HELD, 1)
    for group in known:
        group.handed = 2
    known.forget(written=1)
    assert len(list(known)) == HELD


def test_groups_that_wait_for_the_clock_are_bounded(
    quiet: Callable[[int, int], Groups], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are asleep: what they held is read again when a record comes, and the longest asleep are forgotten."""
    monkeypatch.setattr(groups, "HELD_FACTS", 0)
    monkeypatch.setattr(groups, "ASLEEP", HELD // 2 * GROUP_WEIGHT)
    known = quiet(HELD, 1)
    every = list(known)
    for group in every:
        group.due, group.later = SOON, [Later(SOON, None, {}, {})]
    known.forget(written=0)
    assert [] == list(known)
    assert known.due(SOON - 1) == []
    assert known.due(SOON) == every[HELD // 2 :]
    assert known.of_trace(f"trace-{HELD - 1}") is None
    assert {0} == {len(group.facts) for group in every}


def test_a_group_that_comes_back_knows_what_the_clock_has_changed(
    quiet: Callable[[int, int], Groups], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That may not be in the store yet."""
    monkeypatch.setattr(groups, "HELD_FACTS", 0)
    known = quiet(1, 1)
    (asleep,) = known
    asleep.later = [Later(SOON, None, {}, {})]
    known.forget(written=0)
    asleep.written, asleep.handed = {"job_history": {("job",): 1}}, 7
    group = known.enter(Group(traces={"trace-0"}))
    assert ({"job_history": {("job",): 1}}, 7) == (group.written, group.handed)
    assert known.of_trace("trace-0") is group


def _fact(key: str) -> Fact:
    """Make a fact of a span that tells nothing but its name."""
    trace_id, span_id = key.split("/")
    return Fact(key, True, "", "span", "", "", 0, 0, trace_id, span_id, "", None, None, None, False, None, None)
