"""Mirror `api.exporting`: all records over HTTP, as much at a time as memory allows."""

from collections.abc import Iterator

import orjson
import pytest

from api.exporting import MAX_ROWS, PAGE_BYTES, Page, next_limit
from schema.signals import Signal
from tests.support import build
from tests.support.api import raw
from tests.support.clients import post
from tests.support.process import command
from tests.support.service import Running, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that has something of each signal."""
    with running(tmp_path_factory.mktemp("exporting") / "spanledger.db") as found:
        for signal in Signal:
            for _ in range(3):
                assert post(found, f"/v1/{signal}", build.body(signal)).status == 200
        yield found


@pytest.mark.parametrize("signal", Signal)
def test_export(service: Running, signal: Signal) -> None:
    """What is given over HTTP is what `spanledger export` writes, line by line."""
    told = raw(service, f"/export/{signal}")
    code, written, _ = command("export", "--signal", signal.value, "--db", str(service.db))

    assert (200, "application/jsonl") == (told.status, told.headers["content-type"])
    assert (0, written.encode()) == (code, told.body)
    assert 3 == sum(told.body.count(word) for word in (b'"spanId"', b'"logRecords":[{', b'"dataPoints":[{')) or signal
    assert all(len(orjson.loads(line)) == 1 for line in told.body.splitlines())


def test_what_is_not_there(service: Running) -> None:
    """Another signal, other forms and parameters are refused in words; HEAD has no body."""
    assert 404 == raw(service, "/export/profiles").status
    assert 406 == raw(service, "/export/traces", headers={"Accept": "text/html"}).status
    assert 400 == raw(service, "/export/traces?limit=1").status
    assert (200, b"") == (raw(service, "/export/logs", method="HEAD").status, b"")


@pytest.mark.parametrize(
    ("rows", "written_bytes", "expected"),
    [
        (1, 300, 2),
        (512, 512 * 300, MAX_ROWS),
        (MAX_ROWS, MAX_ROWS * 300, MAX_ROWS),
        (1, 3 * PAGE_BYTES, 1),
        (8, 8 * PAGE_BYTES, 1),
        (100, 2 * PAGE_BYTES, 50),
        (3, 0, 6),
    ],
)
def test_next_limit(rows: int, written_bytes: int, expected: int) -> None:
    """The next page comes to about a mebibyte, grows slowly, shrinks at once and is never empty."""
    assert expected == next_limit(Page(bytes(written_bytes), rows, last_id=9))
