"""Hand changes to a daemon over real pipes: the next one is with it before it answers, and counts when it has."""

import os
import pickle
import select
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pytest

from derive.channel import Apply, Order, Start
from derive.process import UNANSWERED, Daemon
from schema.derived import Changes
from tests.support.wait import until

START = Start(Path("spanledger.db"), 0, 0, 0)
QUIET_S = 0.1


class Ends:
    """Hold a deriving process's view of the daemon, and the daemon's ends of both pipes."""

    def __init__(self, stack: ExitStack) -> None:
        """Open the pipes and say the first word."""
        (answers, answer), (messages, message) = os.pipe(), os.pipe()
        self.answers: BinaryIO = stack.enter_context(os.fdopen(answer, "wb", 0))
        self.messages: BinaryIO = stack.enter_context(os.fdopen(messages, "rb", 0))
        self.say(START)
        source, sink = stack.enter_context(os.fdopen(answers, "rb")), stack.enter_context(os.fdopen(message, "wb"))
        self.daemon = Daemon(source, sink)
        assert START == self.daemon.start()

    def say(self, answer: object) -> None:
        """Answer as the daemon does."""
        pickle.dump(answer, self.answers)

    def heard(self) -> Changes:
        """Take the next message."""
        said = pickle.load(self.messages)
        assert isinstance(said, Apply)
        return said.whole()

    def is_quiet(self) -> bool:
        """Say whether nothing more comes."""
        return not select.select([self.messages], [], [], QUIET_S)[0]

    def is_over(self) -> bool:
        """Say whether the process knows that the daemon is gone."""
        try:
            self.daemon.apply(Changes())
        except EOFError:
            return True
        return False


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Open both pipes; the thread that speaks ends before they are closed."""
    with ExitStack() as stack:
        found = Ends(stack)
        yield found
        found.answers.close()
        until(found.is_over)


def test_the_next_message_is_with_the_daemon_before_it_answers(ends: Ends) -> None:
    """So it need not wait for one to be made while its writer has nothing to do; more would only lie there."""
    days = [str(day) for day in range(UNANSWERED + 1)]
    for day in days:
        ends.daemon.apply(Changes(days=[day]))

    assert [[day] for day in days[:UNANSWERED]] == [ends.heard().days for _ in range(UNANSWERED)]
    assert ends.is_quiet()
    assert 0 == ends.daemon.written, "it is with the daemon, and not durable"
    ends.say([])
    assert [days[-1]] == ends.heard().days
    until(lambda: ends.daemon.written == 1)


def test_orders_come_with_answers_and_are_begun_once(ends: Ends) -> None:
    """The daemon repeats them until it hears that they are done."""
    for _ in range(2):
        ends.daemon.apply(Changes())
        ends.heard()
        ends.say([(1, Order.REBUILD)])
    until(lambda: ends.daemon.written == 2)

    assert [Order.REBUILD] == ends.daemon.orders()
    assert [] == ends.daemon.orders()


def test_whoever_speaks_to_a_daemon_that_is_gone_hears_it(ends: Ends) -> None:
    """The process ends with its input."""
    ends.daemon.apply(Changes())
    ends.heard()
    ends.answers.close()

    until(ends.is_over)
