"""The user's own words, out of what programs put around them."""

import pytest

from mapping.emitters import Origin, origin_of
from mapping.frames import words_of
from mapping.record import Record
from schema.signals import Signal

DATE = "<current_datetime>2026-11-21T01:08:55.643+00:00</current_datetime>\n\n"


def origin(scope: str) -> Origin:
    """Recognise a scope."""
    return origin_of(Record(Signal.TRACES, "t/s", "", 0, 0, "t", "s", scope=scope))


@pytest.mark.parametrize(
    ("scope", "text", "words"),
    [
        ("github.copilot", f"{DATE}Say <b>hi</b>.", "Say <b>hi</b>."),
        ("github.copilot", f"{DATE}<reminder>a</reminder>Hi\n\n<reminder>b</reminder>\n", "Hi"),
        ("github.copilot", "Is <current_datetime> a tag?", "Is <current_datetime> a tag?"),
        ("github.copilot", "<reminder>" * 100_000, "<reminder>" * 100_000),
        ("com.opencode", '"Please list."', "Please list."),
        ("com.opencode", 'Say "hi"', 'Say "hi"'),
        ("openinference.instrumentation.smolagents", "New task:\nList.", "List."),
        ("openinference.instrumentation.openai", "New task:\nList.", "New task:\nList."),
        ("github.copilot", None, None),
    ],
)
def test_only_what_a_program_is_known_to_write_is_taken_away(scope: str, text: str | None, words: str | None) -> None:
    """The same signs in another program's record are the user's own."""
    assert words == words_of(origin(scope), scope, text)


def test_words_inside_a_block_are_taken_out_of_it() -> None:
    """The editor puts its context beside the request; a request that is not closed stays as it is."""
    told = origin_of(Record(Signal.TRACES, "t/s", "", 0, 0, "t", "s", resource={"service.name": "copilot-chat"}))

    assert words_of(told, "", "<context>x</context>\n<userRequest>\nHi\n</userRequest>") == "Hi"
    assert words_of(told, "", "<userRequest>Hi") == "<userRequest>Hi"
