"""Mirror `mapping.metered`: what a session used, each token once."""

from mapping.metered import ALONE, due, usages
from mapping.metrics import Meter
from mapping.tokens import Tokens
from tests.support.points import meter, series

CLAUDE = {"metric": "claude_code.token.usage", "emitter": "claude_code"}
GEMINI = {"metric": "gemini_cli.token.usage", "emitter": "gemini_cli"}


def used(*told: tuple[int, Meter]) -> list[tuple[str | None, Tokens, int | None]]:
    """Give models, tokens and money."""
    made = [series(total, about, key=number) for number, (total, about) in enumerate(told)]
    return [(one.fact.model.model, one.fact.model.tokens, one.nanos) for one in usages("s", made) if one.fact.model]


def test_parts_come_together_by_model() -> None:
    """One sum for each; what is not told is not known."""
    found = used((1, meter("input")), (2, meter("output")), (3, meter("input", model="n")), (4, meter("input")))

    assert [("m", Tokens(5, 2), None), ("n", Tokens(3), None)] == found


def test_tokens_have_one_meaning() -> None:
    """Claude Code leaves the cache out of the input, Gemini CLI the thoughts out of the output."""
    parts = ("input", "output", "cache_read", "cache_write", "reasoning")
    claude = used(*((10, meter(part, **CLAUDE)) for part in parts[:4]))
    gemini = used(*((10, meter(part, **GEMINI)) for part in parts))

    assert Tokens(30, 10, 10, 10) == claude[0][1]
    assert 20 == gemini[0][1].output


def test_of_several_metrics_the_best_counts() -> None:
    """Gemini CLI has the same numbers twice."""
    assert [("m", Tokens(7), None)] == used((7, meter(**GEMINI)), (6, meter()))


def test_of_several_scopes_the_fullest_counts() -> None:
    """Two instrumentations of one client each count all calls, or fewer."""
    found = used((7, meter(scope="a")), (9, meter(scope="b")), (1, meter(scope="a", model="n")))

    assert [("m", Tokens(9), None), ("n", Tokens(1), None)] == found


def test_sums_of_calls_count_only_by_themselves() -> None:
    """An agent's run repeats its calls."""
    assert [("m", Tokens(7), None)] == used((7, meter()), (7, meter(is_sum=True)))
    assert [("m", Tokens(7), None)] == used((7, meter(is_sum=True)))


def test_money_is_beside_the_tokens() -> None:
    """It has metrics of its own, in whatever family."""
    found = used((7, meter()), (5_000, meter("cost", metric="operation.cost")))

    assert [("m", Tokens(7), 5_000)] == found


def test_a_sum_names_its_series_and_its_time() -> None:
    """From the earliest begin to the last point."""
    (usage,) = usages("s", [series(1, meter(), key=-1, first=40), series(1, meter("output"), key=2, first=90)])

    assert ("metric/s/openai/m", 40, 90) == (usage.fact.key, usage.fact.start, usage.fact.end)
    assert ("point/ffffffffffffffff", "point/0000000000000002") == usage.sources


def test_when_series_count() -> None:
    """A while after the first point of them."""
    assert due([]) is None
    assert 40 + ALONE == due([series(1, first=90), series(1, first=40)])
