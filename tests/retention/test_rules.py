"""Mirror `retention.rules`, `retention.config`, `retention.plan` and `retention.agreement`."""

from typing import Any

import pytest
from pydantic import ValidationError

from retention.agreement import agreed, agreement, rules_text
from retention.config import DAY, Retention
from retention.plan import arrivals, shortened, tasks
from retention.rules import TIERS, Rule
from store.forgetting import PINNED, Found

SECOND = 1_000_000_000
NOW = 1_795_000_000 * SECOND


def config(**values: Any) -> Retention:
    """Make rules."""
    return Retention.model_validate(values)


def row(days_ago: float, *rules: int) -> Found:
    """Make a row that came so long ago and falls under some rules."""
    return Found(1, NOW - int(days_ago * DAY * SECOND), 100, frozenset(rules))


def took(what: str, rules: Retention, found: Found, before: Retention | None = None) -> str | None:
    """Name the rule that takes a row of a kind."""
    task = next(each for each in tasks(rules, before) if each.what == what)
    return task.took(found, found.came, NOW)


@pytest.mark.parametrize(
    "text",
    ["project=web raw=7d content=14d", "agent=codex rows=forever", "signal=metrics raw=3d", "signal=logs raw=2h"],
)
def test_a_rule_is_written_as_it_is_read(text: str) -> None:
    """What `check` prints can be configured again."""
    assert text == str(Rule.parse(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must say whom"),
        ("raw=7d", "must say whom"),
        ("project=web", "must say whom"),
        ("project=web raw=7", "under an hour"),
        ("project=web raw=soon", "not understood"),
        ("planet=mars raw=7d", "not understood"),
        ("project=web project=app raw=7d", "not understood"),
        ("signal=smoke raw=7d", "is no signal"),
        ("signal=logs content=7d", "only raw records have a signal"),
        ("signal=metrics project=web raw=7d", "belong to no project"),
    ],
)
def test_what_is_no_rule_is_said_so(text: str, told: str) -> None:
    """The message says what is wrong, and mostly what to write."""
    with pytest.raises(ValidationError, match=told):
        config(rules=[text])


@pytest.mark.parametrize(
    "values",
    [
        {"rows": "60d"},
        {"raw": "30d", "rows": "7d", "content": "forever"},
        {"raw": "10m"},
        {"every": 1},
    ],
)
def test_tiers_are_in_order(values: dict[str, Any]) -> None:
    """Rows cannot go before their texts, nor before the raw records that they were derived from."""
    with pytest.raises(ValidationError):
        config(**values)


def test_a_longer_tier_lifts_those_above_it() -> None:
    """Who keeps raw records for a year keeps the texts as long without saying so."""
    assert took("entry_texts", config(raw="365d"), row(200)) is None
    assert took("entry_texts", config(raw="365d"), row(400)) == "content=365d"


def test_texts_may_go_before_the_raw_records_that_hold_them() -> None:
    """Then they go from these as well; who keeps raw records longer and says nothing of texts keeps both."""
    assert took("span_texts", config(content="7d"), row(8)) == "content=7d"
    assert took("log_texts", config(raw="365d", content="90d"), row(100)) == "content=90d"
    assert took("log_texts", config(raw="365d"), row(100)) is None


def test_rules_are_kept_with_what_they_leave_unsaid() -> None:
    """What is agreed to is read again as it held, also where one age follows from another."""
    for told in (config(raw="365d"), config(content="7d"), config()):
        again = Retention.model_validate_json(rules_text(told))
        assert [told.age(tier) for tier in TIERS] == [again.age(tier) for tier in TIERS]


def test_the_first_rule_that_fits_holds_and_the_longest_of_several_sessions() -> None:
    """A row of two sessions is kept as long as the longer rule says; a pinned one is kept."""
    rules = config(rules=["project=web raw=7d", "agent=codex raw=60d"])

    assert took("raw_spans", rules, row(10, 0)) == "project=web raw=7d"
    assert took("raw_spans", rules, row(10, 0, 1)) is None
    assert took("raw_spans", rules, row(70, 0, 1)) == "agent=codex raw=60d"
    assert took("raw_spans", rules, row(40)) == "raw=30d"
    assert took("raw_spans", rules, row(400, 0, PINNED)) is None


def test_what_the_rules_before_keep_is_kept() -> None:
    """While a shorter rule waits for a word, the longer one holds, also one that is no longer configured."""
    before = config(rules=["project=web raw=60d"])
    after = config(raw="7d", content="forever")

    assert took("raw_spans", after, row(20), before) is None
    assert took("raw_spans", after, row(31, 1), before) == "raw=7d"
    assert took("raw_spans", after, row(40, 0), before) is None
    assert took("raw_spans", after, row(61, 0), before) == "raw=7d"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, []),
        ({}, {"raw": "60d"}, []),
        ({}, {"raw": "7d"}, ["raw=7d: was 30d"]),
        ({}, {"rules": ["project=web raw=7d"]}, ["project=web raw=7d: was 30d"]),
        ({}, {"rules": ["signal=metrics raw=7d"]}, ["signal=metrics raw=7d: was 30d"]),
        ({"rules": ["project=web raw=60d"]}, {}, ["raw=30d of project web: was 60d"]),
        ({}, {"max_size": "1GiB"}, ["max_size=1GiB: was off"]),
        ({"max_size": "1GiB"}, {"max_size": "2GiB"}, []),
        ({"min_free": "1GiB"}, {"min_free": "2GiB"}, ["min_free=2GiB: was 1GiB"]),
    ],
)
def test_what_goes_sooner_is_said(before: dict[str, Any], after: dict[str, Any], told: list[str]) -> None:
    """Each way in which rules take more than those before is told, and nothing else."""
    assert told == shortened(config(**after), config(**before))


def test_rows_are_as_old_as_those_before_them() -> None:
    """A row of a wrong clock came between its neighbours."""
    rows = [row(10), row(20_000), row(9), row(-5_000), row(8)]
    told = [(NOW - came) // (DAY * SECOND) for _, came in arrivals(rows, NOW)]

    assert [10, 10, 9, 9, 8] == told


def test_an_agreement_is_to_one_change_only() -> None:
    """The token of one change of rules is not that of another; rules that are kept are read again as they were."""
    kept = {"rules": rules_text(config(rules=["agent=codex rows=forever"], max_size="1GiB"))}
    week, day = (agreement(config(raw=age, content="forever"), kept) for age in ("7d", "1d"))

    assert week.token != day.token
    assert week.pending
    assert not agreement(config(rules=["agent=codex rows=forever"], max_size="1GiB"), kept).is_new
    assert "7" == agreed(config(raw="7d"))[1].values["days"]
