"""Giving way to those who send."""

from dataclasses import dataclass, field

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


def test_a_flood_is_given_way_to_for_a_share_of_the_time() -> None:
    """It rests three times as long as it worked, never for long."""
    world = World(each_rest=[2_000] * 1_000)
    pace = _pace(world)
    world.work(0.5, came=10 * MANY, read=MANY)
    pace.give_way()

    assert 1.5 <= world.rested <= 1.7

    world.work(60, came=10**6, read=MANY)
    world.rested = 0
    pace.give_way()
    assert LONGEST_S <= world.rested <= LONGEST_S + 0.2


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
