"""Mirror `mirror.waiting`: places wait once each, in a bounded room, and nobody waits for ever."""

from concurrent.futures import Future

from mirror.tally import Tally
from mirror.waiting import MOST, Waiting


def test_a_place_waits_once() -> None:
    """A place that is told again waits once, with everybody who waits for it."""
    waiting, one, other = Waiting(), Future[Tally](), Future[Tally]()
    waiting.add(["/a", "/b"])
    waiting.add(["/a"], one)
    waiting.add(["/a"], other)

    assert (2, 2) == (len(waiting), waiting.coalesced)
    assert ({"/a": [one, other], "/b": []}, None) == waiting.take()
    assert ({}, None) == waiting.take()


def test_more_than_there_is_room_for() -> None:
    """What there is no room for makes everything be synced, and who waits hears of that."""
    waiting, late = Waiting(), Future[Tally]()
    waiting.add(f"/{number}" for number in range(MOST))
    waiting.add(["/late"], late)
    waiting.add(["/1"])
    places, everything = waiting.take()

    assert (MOST, [late], 1) == (len(places), everything, waiting.overflows)


def test_waiting_ends() -> None:
    """Waiting ends with something, with time, and for good when it is stopped."""
    waiting = Waiting()
    assert waiting.wait(0)
    waiting.add_everything()
    assert waiting.wait(1000)
    assert ({}, []) == waiting.take()
    waiting.stop()
    assert not waiting.wait(1000)
