"""Ask over HTTP what retention would take, have it done, and pin what must stay."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.api import ask
from tests.support.clients import post
from tests.support.service import Running, running
from tests.support.wait import until

DAY = 24 * 3600 * 1_000_000_000
OLD, YOUNG = 300, 40


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """Run a service with records of 40 days ago and of now."""
    with running(tmp_path / "kept.db") as made:
        ingest = made.service.ingest
        for signal in Signal:
            ingest.clock = lambda: time.time_ns() - 40 * DAY
            assert post(made, WIRE[signal].path, build.body(signal, OLD)).status == 200
            ingest.clock = time.time_ns
            assert post(made, WIRE[signal].path, build.body(signal, YOUNG)).status == 200
        until(lambda: made.service.following.is_level, within_s=30)
        yield made


def swept(service: Running, **agreed: str) -> list[str]:
    """Have it done, and give what waits."""
    number = ask(service, "/retention/run", method="POST", body=agreed, status=202)["order"]
    until(lambda: ask(service, "/retention/state")["done"] >= number, within_s=30)
    waiting: list[str] = ask(service, "/retention/state")["waiting"]
    return waiting


def test_old_records_go_when_somebody_agrees(service: Running) -> None:
    """Records from before there were rules stay until the token of the plan is shown, and others in any case."""
    told = ask(service, "/retention")
    assert not told["agreed"]
    assert {("raw_spans", OLD), ("raw_logs", OLD), ("raw_points", OLD)} == {
        (line["what"], line["rows"]) for line in told["lines"]
    }
    assert swept(service)
    assert swept(service, token="another")
    assert OLD + YOUNG == service.count("traces")

    assert [] == swept(service, token=told["token"])
    assert [YOUNG] * 3 == [service.count(signal) for signal in Signal]
    assert ask(service, "/retention")["lines"] == []


def test_a_pin_is_put_and_removed(service: Running) -> None:
    """Pins are listed in the plan; one that is not there cannot be removed."""
    pin = {"kind": "session", "name": "s-1"}
    assert pin == ask(service, "/pins", method="POST", body={**pin, "note": "the one that broke"}, status=201)
    assert ["the one that broke"] == [each["note"] for each in ask(service, "/retention")["pins"]]
    assert pin == ask(service, "/pins/remove", method="POST", body=pin)
    ask(service, "/pins/remove", method="POST", body=pin, status=404)
    ask(service, "/pins", method="POST", body={"kind": "planet", "name": "x"}, status=400)
    ask(service, "/retention/run", method="POST", body={"hurry": True}, status=400)
