"""Hold a storage backend to one rule: which of several versions with one identity is kept (otlp.md I02)."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.signals import Signal
from store.protocol import Outcome
from tests.contracts.batches import NOW, SECOND, batch, point, span
from tests.contracts.store_contract import Backend


class VersionContract:
    """Test every way in which versions can meet."""

    def test_another_version_of_a_span(self, store: Backend) -> None:
        """Of two finished versions the first is kept, and the second is counted and listed with its content."""
        store.commit(batch([span(1, name="first")]))

        assert store.commit(batch([span(1, name="second")])) == [Outcome(0, 1, 0, conflicts=1)]
        assert [item["name"] for item in store.items()] == ["first"]
        (variant,) = store.conflicts()
        assert (variant["items"], variant["encoding"], json.loads(variant["payload"])["name"]) == (0, "row", "second")
        assert [line.conflicts for line in store.reader().ledger()] == [1]
        store.assert_balanced()

    @pytest.mark.parametrize("unfinished", [0, None])
    @pytest.mark.parametrize("together", [True, False])
    def test_the_end_of_a_span_takes_the_place_of_its_beginning(
        self, store: Backend, unfinished: int | None, *, together: bool
    ) -> None:
        """A span that had not ended is replaced by its final version, in its place, also within one batch."""
        rows = [span(1, end_time_unix_nano=unfinished, name="running"), span(1, name="done", received_at=NOW + 5)]
        for made in [rows] if together else [[row] for row in rows]:
            store.commit(batch(made))

        (item,) = store.items()
        assert (item["name"], item["end_time_unix_nano"], item["received_at"]) == ("done", NOW + SECOND, NOW + 5)
        assert [(line.stored, line.duplicate, line.conflicts) for line in store.reader().ledger()] == [(1, 1, 0)]

    def test_the_beginning_of_a_span_after_its_end(self, store: Backend) -> None:
        """A late beginning does not replace the end; it is a conflict like any other variant."""
        store.commit(batch([span(1)]))
        store.commit(batch([span(1, end_time_unix_nano=0)]))

        assert [item["end_time_unix_nano"] for item in store.items()] == [NOW + SECOND]
        assert len(store.conflicts()) == 1

    def test_the_time_of_receipt_is_no_difference(self, store: Backend) -> None:
        """A span that only came later again is a plain duplicate."""
        store.commit(batch([span(1)]), batch([span(1, received_at=NOW + SECOND)]))

        assert not store.conflicts()

    @pytest.mark.parametrize(
        ("change", "conflicts"),
        [({"value": 2}, 1), ({"value": 1.0}, 0), ({"description": "new"}, 0), ({"count": 4, "value": None}, 1)],
    )
    def test_another_version_of_a_point(self, store: Backend, change: dict[str, Any], conflicts: int) -> None:
        """A point that measured something else is a conflict; one that is only described otherwise is not."""
        store.commit(batch([point(1)], signal=Signal.METRICS))
        store.commit(batch([point(1, **change)], signal=Signal.METRICS))

        assert len(store.conflicts()) == conflicts
        assert [item["value"] for item in store.items(Signal.METRICS)] == [1]
        store.assert_balanced()

    def test_a_point_that_is_not_a_number(self, store: Backend) -> None:
        """A value of NaN sent again is a duplicate, though NaN differs from itself."""
        for _ in range(2):
            store.commit(batch([point(1, value=float("nan"))], signal=Signal.METRICS))

        assert not store.conflicts()

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
    @given(
        groups=st.lists(
            st.lists(
                st.lists(
                    st.tuples(st.integers(1, 3), st.sampled_from([0, NOW + 1, NOW + 2]), st.sampled_from("ab")),
                    max_size=4,
                ),
                max_size=3,
            ),
            max_size=4,
        )
    )
    def test_any_history_of_spans_follows_the_rule(
        self, store: Backend, groups: Sequence[Sequence[Sequence[tuple[int, int, str]]]]
    ) -> None:
        """Whatever versions come in whatever groups, what is kept and counted is what the rule says (otlp.md I02)."""
        model = Model()
        trace_id = f"{len(store.items()) + 1:032x}"
        before = store.reader().ledger()
        for group in groups:
            for versions in group:
                for number, end, name in versions:
                    model.see(number, end, name)
            store.commit(
                *(
                    batch([span(n, end_time_unix_nano=end, name=name, trace_id=trace_id) for n, end, name in versions])
                    for versions in group
                )
            )

        kept = {
            int(i["span_id"], 16): (i["end_time_unix_nano"], i["name"])
            for i in store.items()
            if i["trace_id"] == trace_id
        }
        assert kept == model.kept
        assert [now - then for now, then in zip(_counts(store), _total(before), strict=True)] == model.counts


class Model:
    """Keep spans by the rule, in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[int, str]] = {}
        self.counts = [0, 0, 0]

    def see(self, number: int, end: int, name: str) -> None:
        """Take one version of a span."""
        known = self.kept.get(number)
        if known is None:
            self.kept[number] = (end, name)
            self.counts[0] += 1
            return
        self.counts[1] += 1
        if known == (end, name):
            return
        if known[0] == 0 and end > 0:
            self.kept[number] = (end, name)
        else:
            self.counts[2] += 1


def _counts(store: Backend) -> list[int]:
    return _total(store.reader().ledger())


def _total(lines: Sequence[Any]) -> list[int]:
    return [sum(getattr(line, name) for line in lines) for name in ("stored", "duplicate", "conflicts")]
