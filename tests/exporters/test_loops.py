"""Mirror `exporters.loops`: no exporter leads back to the daemon itself, and two daemons that send in a ring rest."""

import socket
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from core.errors import Misconfigured
from core.section import Address
from exporters import loops
from exporters.loops import is_ours, leads_back, refuse
from spanledger.mistakes import Mistaken
from tests.support import build
from tests.support.clients import post
from tests.support.process import Ports, free_ports
from tests.support.service import Running, configuration, running
from tests.support.wait import until

WITHIN_S = 60
COUNT = 30


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "0.0.0.0"])
@pytest.mark.parametrize(("kind", "port"), [("otlp/http", 4318), ("otlp/grpc", 4317)])
def test_an_exporter_to_the_daemon_itself_is_a_mistake(kind: str, port: int, host: str) -> None:
    """It is told with the exporter's name, before anything is opened; another port is another collector."""
    far = {"exporters.far.kind": kind, "exporters.far.endpoint": f"http://{host}:{port}"}
    with pytest.raises(Mistaken, match=r"exporters: far: endpoint .* own listener"):
        configuration(**far)

    assert configuration(**far, **{"collector.grpc.endpoint": "off", "collector.http.endpoint": "[::1]:1"}).exporters


def test_listeners_are_told_by_name() -> None:
    """An address that is listened on is one of ours; a scheme has a usual port."""
    ours = [Address("collector.example.org", 443), Address("192.0.2.1", 80)]

    assert leads_back("https://collector.example.org/otlp", ours)
    assert leads_back("http://192.0.2.1", ours)
    assert not leads_back("https://192.0.2.1", ours)


def test_names_of_this_machine_are_found_out() -> None:
    """Whatever it is called: where one can listen is here."""
    assert is_ours("http://127.0.0.9:4318", {4317, 4318})
    assert not is_ours("http://127.0.0.9:4319", {4317, 4318})
    assert not is_ours("http://192.0.2.1:4318", {4317, 4318})
    assert not is_ours("http://nowhere.invalid:4318", {4317, 4318})


def test_a_daemon_that_sends_to_itself_by_another_name_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads here is looked up at the start; one that nobody knows in time holds nothing up."""
    real, port = socket.getaddrinfo, free_ports().http
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: real("127.0.0.1" if host == "me.test" else host, *rest, **more),
    )
    settings = {
        "collector__http__endpoint": f"0.0.0.0:{port}",
        "collector__insecure_no_auth": "true",
        "exporters__far__kind": "otlp/http",
        "exporters__far__endpoint": f"http://me.test:{port}",
    }
    with (
        pytest.raises(Misconfigured, match=r"exporters.far: endpoint http://me.test:\d+ leads to this daemon's own"),
        running(tmp_path / "kept.db", **settings),
    ):
        pass
    monkeypatch.setattr(loops, "RESOLVE_S", 0.0)
    refuse({"far": "http://nowhere.invalid:4318"}, {4318})


def test_two_daemons_that_send_to_each_other_come_to_rest(tmp_path: Path) -> None:
    """What comes back is a duplicate, which is counted and not sent again."""
    here, there = free_ports(), free_ports()
    with ring(tmp_path / "here.db", here, there) as near, ring(tmp_path / "there.db", there, here) as far:
        for number in range(COUNT):
            body = build.traces(build.span(name=f"{number}")).SerializeToString()
            assert 200 == post(near, "/v1/traces", body).status
        until(lambda: is_at_rest(near) and is_at_rest(far), within_s=WITHIN_S)

        assert (COUNT, COUNT) == (near.count("traces"), far.count("traces"))
        assert {COUNT} == {line.duplicate for line in near.ledger() if line.signal == "traces" and line.duplicate}


def ring(db: Path, own: Ports, other: Ports) -> AbstractContextManager[Running]:
    """Run a daemon that sends to another."""
    settings = {
        "collector__grpc__endpoint": f"127.0.0.1:{own.grpc}",
        "collector__http__endpoint": f"127.0.0.1:{own.http}",
        "exporters__far__kind": "otlp/http",
        "exporters__far__endpoint": f"http://127.0.0.1:{other.http}",
        "exporters__far__start": "beginning",
    }
    return running(db, **settings)


def is_at_rest(service: Running) -> bool:
    """Say whether all spans were sent on."""
    rows = service.rows("select sent from export_cursors where signal = 'traces'")
    return service.count("traces") == COUNT and [COUNT] == [row["sent"] for row in rows]
