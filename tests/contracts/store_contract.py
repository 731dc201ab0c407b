"""Hold a storage backend to `store.protocol`: inherit the contracts and provide the `store` fixture."""

from abc import ABC, abstractmethod
from collections import Counter
from contextlib import AbstractContextManager
from typing import Any

import pytest

from core.errors import TryAgain
from schema.rows import Batch, Rejection
from schema.signals import Signal
from store.protocol import Outcome, ReadSide, WriteSide
from tests.contracts.batches import BUILD, NOW, SECOND, batch, log, resource, span

SIGNALS = pytest.mark.parametrize("signal", list(Signal))
WINDOW_S = 900


class Backend(ABC):
    """Give the suite a store that is empty at first and remembers requests for `WINDOW_S`."""

    write: WriteSide

    @abstractmethod
    def reader(self) -> ReadSide:
        """Open a read side; the backend closes it after the test."""

    @abstractmethod
    def reopen(self) -> None:
        """Close the write side and open it again."""

    @abstractmethod
    def trouble(self) -> AbstractContextManager[None]:
        """Make every commit inside the block fail for a reason that passes."""

    def commit(self, *batches: Batch) -> list[Outcome]:
        """Commit batches that are all expected to be kept."""
        outcomes = self.write.commit(batches)
        assert all(isinstance(outcome, Outcome) for outcome in outcomes), outcomes
        return [outcome for outcome in outcomes if isinstance(outcome, Outcome)]

    def items(self, signal: Signal = Signal.TRACES) -> list[dict[str, Any]]:
        """List everything stored of a signal."""
        return self.reader().items(signal, limit=100_000)

    def conflicts(self) -> list[dict[str, Any]]:
        """List the variants that were not kept."""
        return [found for found in self.reader().rejections() if found["reason"] == "conflict"]

    def assert_balanced(self) -> None:
        """Assert that the books add up and agree with what is stored."""
        stored: Counter[Signal] = Counter()
        for line in self.reader().ledger():
            assert line.received == line.stored + line.duplicate + line.rejected, line
            stored[line.signal] += line.stored
        for signal in Signal:
            assert stored[signal] == len(self.items(signal))


class StoreContract:
    """Test everything that a backend promises."""

    @SIGNALS
    @pytest.mark.parametrize("rows", [0, 1, 3, 63, 64, 65, 85, 130])
    def test_each_row_is_stored_once_and_counted(self, store: Backend, signal: Signal, rows: int) -> None:
        """A batch of any size is stored as it is, and the ledger says so."""
        built = [BUILD[signal](number) for number in range(rows)]

        assert store.commit(batch(built, signal=signal)) == [Outcome(rows, 0, 0)]
        assert len(store.items(signal)) == rows
        (line,) = store.reader().ledger()
        assert (line.requests, line.received, line.stored, line.duplicate, line.rejected) == (1, rows, rows, 0, 0)

    @SIGNALS
    def test_the_same_rows_again_are_duplicates(self, store: Backend, signal: Signal) -> None:
        """Rows that are stored already are counted as duplicates and stored no second time."""
        built = [BUILD[signal](number) for number in range(100)]
        store.commit(batch(built[:60], signal=signal))

        assert store.commit(batch(built, signal=signal)) == [Outcome(40, 60, 0)]
        assert len(store.items(signal)) == 100
        assert not store.conflicts()
        store.assert_balanced()

    @SIGNALS
    def test_duplicates_within_a_batch_and_a_group(self, store: Backend, signal: Signal) -> None:
        """A row that occurs twice in a batch, or in two batches of a group, is stored once."""
        build = BUILD[signal]
        first = batch([build(1), build(2), build(1)], signal=signal)
        second = batch([build(2), build(3)], signal=signal)

        assert store.commit(first, second) == [Outcome(2, 1, 0), Outcome(1, 1, 0)]
        store.assert_balanced()

    @SIGNALS
    def test_every_column_comes_back(self, store: Backend, signal: Signal) -> None:
        """What was written is read back unchanged, with the resource's and the scope's columns."""
        store.commit(batch([BUILD[signal](7, attributes='{"k":"v"}', repaired='{"a":"b"}')], signal=signal))
        (item,) = store.items(signal)

        expected = {"attributes": '{"k":"v"}', "repaired": '{"a":"b"}', "service_name": "agent", "scope_name": "tests"}
        assert expected.items() <= item.items()
        assert [line.repaired for line in store.reader().ledger()] == [1]

    def test_items_come_in_pages_in_order_of_arrival(self, store: Backend) -> None:
        """Reading on from the last id gives every item once, in the order in which they came."""
        store.commit(batch([span(number) for number in range(50)]), batch([span(number) for number in range(50, 70)]))
        reader, found, last = store.reader(), [], 0
        while page := reader.items(Signal.TRACES, after_id=last, limit=30):
            last = page[-1]["id"]
            found += [int(item["span_id"], 16) for item in page]

        assert found == list(range(70))

    def test_a_span_id_in_two_traces(self, store: Backend) -> None:
        """The same span id in two traces names two spans (otlp.md I03)."""
        assert store.commit(batch([span(1), span(1, trace_id="cd" * 16)])) == [Outcome(2, 0, 0)]

    def test_a_replay_changes_nothing_and_gets_the_first_answer(self, store: Backend) -> None:
        """The same bytes again are all duplicate, and their sender is told what the first was told."""
        refused = Rejection("span 1", "invalid_span_id", "span 1: bad", b"payload")
        made = batch([span(1), span(2)], fingerprint=b"f" * 32, rejections=[refused], message="1 refused")
        store.commit(made)
        again = batch(made.rows, fingerprint=b"f" * 32, rejections=[refused], message="other", received_at=NOW + SECOND)

        assert store.commit(again) == [Outcome(0, 3, 0, message="1 refused", replayed=True, first_rejected=1)]
        assert len(store.reader().rejections()) == 1
        store.assert_balanced()

    def test_a_replay_within_a_group(self, store: Backend) -> None:
        """A request and its replay may be written together."""
        first, second = (batch([log(1)], signal=Signal.LOGS, fingerprint=b"g" * 32) for _ in range(2))

        assert store.commit(first, second) == [Outcome(1, 0, 0), Outcome(0, 1, 0, replayed=True)]

    def test_a_replay_after_a_restart(self, store: Backend) -> None:
        """A restart does not make a request unknown."""
        store.commit(batch([span(1)], fingerprint=b"h" * 32))
        store.reopen()

        assert store.commit(batch([span(1)], fingerprint=b"h" * 32))[0].replayed

    @pytest.mark.parametrize(("later_s", "replayed"), [(WINDOW_S, True), (WINDOW_S + 1, False)])
    def test_the_window_of_replays(self, store: Backend, later_s: int, *, replayed: bool) -> None:
        """A request is known for the window; after it each item is judged by itself."""
        store.commit(batch([span(1)], fingerprint=b"i" * 32))
        later = batch([span(1), span(2)], fingerprint=b"i" * 32, received_at=NOW + later_s * SECOND)

        (outcome,) = store.commit(later)
        assert (outcome.replayed, outcome.stored) == (replayed, 0 if replayed else 1)

    def test_refused_items_are_kept_in_order(self, store: Backend) -> None:
        """Each refused item is listed with all that is needed to send it again."""
        refused = [Rejection(f"span {number}", "reason", f"message {number}", bytes([number])) for number in range(3)]
        unreadable = Rejection("request", "undecodable", "no protobuf", b"body", items=0)

        assert store.commit(batch([span(1)], rejections=refused)) == [Outcome(1, 0, 3)]
        assert store.commit(batch(rejections=[unreadable])) == [Outcome(0, 0, 0)]
        reader = store.reader()
        found = reader.rejections()
        assert [row["payload"] for row in found] == [b"\0", b"\1", b"\2", b"body"]
        assert [row["items"] for row in found] == [1, 1, 1, 0]
        assert {row["encoding"] for row in found} == {"protobuf"}
        assert reader.rejections(after_id=found[2]["id"]) == found[3:]
        store.assert_balanced()

    def test_the_ledger_has_a_line_for_each_signal_and_transport(self, store: Backend) -> None:
        """What came over different transports is counted apart."""
        store.commit(batch([span(1)]), batch([span(2), span(1)], transport="http"), batch([log(1)], signal=Signal.LOGS))
        found = {(line.signal, line.transport): (line.stored, line.duplicate) for line in store.reader().ledger()}

        assert found == {("traces", "grpc"): (1, 0), ("traces", "http"): (1, 1), ("logs", "grpc"): (1, 0)}

    def test_a_batch_that_cannot_be_kept_costs_only_itself(self, store: Backend) -> None:
        """Its neighbours in the group are stored; of it nothing is, and its sender hears why."""
        poison = batch([span(2), span(3, name=None)], fingerprint=b"p" * 32)
        first, error, last = store.write.commit([batch([span(1)]), poison, batch([span(4)])])

        assert (first, last) == (Outcome(1, 0, 0), Outcome(1, 0, 0))
        assert isinstance(error, Exception)
        assert not isinstance(error, TryAgain)
        assert [int(item["span_id"], 16) for item in store.items()] == [1, 4]
        store.assert_balanced()

    def test_what_a_failed_batch_introduced_is_introduced_again(self, store: Backend) -> None:
        """A resource that was first seen in a batch that failed is there for the next one."""
        fresh = {99: resource(99, "fresh")}
        store.write.commit([batch([span(1, name=None, resource_id=99)], resources=fresh)])
        store.commit(batch([span(2, resource_id=99)], resources=fresh))

        assert [item["service_name"] for item in store.items()] == ["fresh"]

    def test_trouble_of_the_store_leaves_nothing_behind(self, store: Backend) -> None:
        """A commit that fails raises TryAgain; the same batches later are stored once."""
        made = [batch([span(1), span(2)], fingerprint=b"t" * 32), batch([log(1)], signal=Signal.LOGS)]
        with store.trouble(), pytest.raises(TryAgain):
            store.write.commit(made)

        assert not store.reader().ledger()
        assert store.write.commit(made) == [Outcome(2, 0, 0), Outcome(1, 0, 0)]
        store.assert_balanced()

    def test_probe_tells_trouble(self, store: Backend) -> None:
        """A probe passes while writing is possible and raises TryAgain while it is not."""
        store.write.probe()
        with store.trouble(), pytest.raises(TryAgain):
            store.write.probe()
        store.write.probe()

    def test_a_reader_sees_one_moment(self, store: Backend) -> None:
        """A query that has begun sees nothing of a commit that happens meanwhile; the next one sees all of it."""
        store.commit(batch([span(number) for number in range(10)]))
        reader = store.reader()
        rows = reader.query("select id from raw_spans order by id")
        assert [next(rows), next(rows)] == [("id",), (1,)]
        store.commit(batch([span(number) for number in range(10, 500)]))

        assert len(list(rows)) == 9
        assert len(reader.items(Signal.TRACES, limit=1000)) == 500

    def test_an_empty_group_and_tidying_change_nothing(self, store: Backend) -> None:
        """Committing nothing and tidying an empty store are allowed."""
        assert store.write.commit([]) == []
        store.write.tidy()
        store.write.tidy()

        assert not store.reader().ledger()
