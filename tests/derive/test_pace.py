"""Giving way to those who send."""

from dataclasses import dataclass, field

import pytest

from derive.pace import LONGEST_S, MANY, Pace


@dataclass
class World:
    """Hold a clock, and records that come and are read; resting lets `each_rest` more come."""

    now: float = 0.0
    came: int = 0
    read: int = 0
    each_rest: list[int] = field(default_factory=list)
    rested: float = 0.0

    def reached(self) -> tuple[int, int]:
        """Say how many came and are read."""
        return self.came, self.read

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.rested += seconds
        self.came += self.each_rest.pop(0) if self.each_rest else 0

    def work(self, seconds: float, *, came: int, read: int) -> None:
        """Work for a while."""
        self.now, self.came, self.read = self.now + seconds, self.came + came, self.read + read


def _pace(world: World) -> Pace:
    return Pace(world.reached, clock=lambda: world.now, rest=world.rest)


def test_what_is_derived_as_fast_as_it_comes_goes_on() -> None:
    """Neither a steady stream nor one large request makes it rest."""
    world = World()
    pace = _pace(world)
    for _ in range(100):
        world.work(0.2, came=1_000, read=900)
        pace.give_way()
    world.read = world.came
    world.work(0.1, came=MANY - 1, read=10)
    pace.give_way()

    assert world.rested == 0


@pytest.mark.parametrize(("times", "rested"), [(2, 0), (2.5, 0.75), (3, 1.5), (4, 3), (5, 4.5), (40, 4.5)])
def test_a_flood_is_given_way_to_the_more_the_larger_it_is(times: float, rested: float) -> None:
    """It rests three times as long as it worked for each further record, nine times at most."""
    world = World(each_rest=[2_000] * 1_000)
    pace = _pace(world)
    world.work(0.5, came=int(times * MANY), read=MANY)
    pace.give_way()

    assert world.rested == pytest.approx(rested, abs=0.2)


def test_it_never_rests_for_long() -> None:
    """However long it worked, there is something new after five seconds."""
    world = World(each_rest=[2_000] * 1_000)
    pace = _pace(world)
    world.work(60, came=10**6, read=MANY)
    pace.give_way()

    assert world.rested == pytest.approx(LONGEST_S, abs=0.2)


def test_a_step_that_read_nothing_counts_as_one_record() -> None:
    """There is something to divide by."""
    world = World(each_rest=[2_000] * 1_000)
    pace = _pace(world)
    world.work(0.1, came=MANY, read=0)
    pace.give_way()

    assert world.rested == pytest.approx(0.9, abs=0.2)


def test_it_goes_on_at_once_when_nothing_comes_any_more() -> None:
    """What was left is derived then."""
    world = World(each_rest=[2_000, 2_000])
    pace = _pace(world)
    world.work(2, came=10 * MANY, read=MANY)
    pace.give_way()

    assert world.rested <= 0.31
    world.work(1, came=0, read=MANY)
    pace.give_way()
    assert world.rested <= 0.31
