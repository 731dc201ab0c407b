"""Mirror `api.rejections` and `collector.replaying`: what was refused is sent again, one by one or all of it."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from core.errors import Undecodable
from schema import decode
from schema.signals import Signal
from tests.support import build, build_json
from tests.support.api import ask, raw
from tests.support.clients import JSON, PROTOBUF, post, request
from tests.support.process import command
from tests.support.service import Running, running

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service for all of these."""
    with running(tmp_path_factory.mktemp("rejections") / "spanledger.db") as found:
        yield found


@pytest.fixture
def hopeless(service: Running) -> int:
    """Have an item refused that never can be kept."""
    body = build_json.request(Signal.TRACES, build_json.span(spanId="zz"))
    assert post(service, "/v1/traces", body, JSON).status == 400
    return newest(service)


@pytest.fixture
def mendable(service: Running, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have a request refused as a whole that can be kept now."""
    with monkeypatch.context() as older:
        older.setitem(decode.DECODERS, "protobuf", _undecodable)
        assert post(service, "/v1/logs", build.body(Signal.LOGS), PROTOBUF).status == 400
    return newest(service)


def newest(service: Running) -> int:
    """Give the number of the newest refused item."""
    number: int = ask(service, "/rejections?limit=1")["items"][0]["id"]
    return number


def replay(service: Running, body: object) -> dict[str, Any]:
    """Send some again."""
    told: dict[str, Any] = ask(service, "/rejections/replay", method="POST", body=body)
    return told


def states(service: Running) -> dict[int, str]:
    """Say how refused items stand."""
    return {row["id"]: row["state"] for row in ask(service, "/rejections?limit=1000")["items"]}


def test_some(service: Running, hopeless: int, mendable: int) -> None:
    """What can be kept now is kept and settled; what cannot stays as it is listed, once; who did it is written down."""
    logs, before = service.count("logs"), states(service)
    told = replay(service, {"ids": [hopeless, mendable]})

    assert [(hopeless, False), (mendable, True)] == [(one["id"], one["kept"]) for one in told["items"]]
    assert (1, None) == (told["kept"], told["next"])
    assert "span" in told["items"][0]["message"]
    assert logs + 1 == service.count("logs")
    assert {**before, mendable: "resolved"} == states(service)
    assert "replay" == service.rows("select action from audit_log order by id desc limit 1")[0]["action"]


def test_every(service: Running, hopeless: int, mendable: int) -> None:
    """Everything that can be sent again is, but what is settled; the same again keeps nothing twice."""
    first, second = replay(service, {"all": True}), replay(service, {"all": True, "after": hopeless - 1})

    assert mendable in [one["id"] for one in first["items"] if one["kept"]]
    assert ([hopeless], 0) == ([one["id"] for one in second["items"]], second["kept"])


def test_the_command_does_the_same(service: Running, hopeless: int, mendable: int) -> None:
    """`spanledger rejections replay` has the collector do it."""
    before = states(service)
    code, output, _ = command("rejections", "replay", str(hopeless), str(mendable), "--json", "--db", str(service.db))

    assert (1, [False, True]) == (code, [one["kept"] for one in orjson.loads(output)])
    assert {**before, mendable: "resolved"} == states(service)


@pytest.mark.parametrize(
    "body",
    [{}, {"ids": []}, {"ids": [1], "all": True}, {"ids": [1], "after": 1}, {"ids": [-1]}, {"ids": ["1"]}, {"all": 1}],
)
def test_wrong(service: Running, body: object) -> None:
    """A body that does not say what is meant is refused with a sentence."""
    told = ask(service, "/rejections/replay", method="POST", body=body, status=400)

    assert "wanted" in told["detail"] or "say what" in told["detail"]


def test_missing(service: Running) -> None:
    """An item that is not there is said to be missing, and nothing is sent."""
    assert 404 == raw(service, "/rejections/replay", method="POST", body={"ids": [999_999]}).status


def test_a_form(service: Running, mendable: int) -> None:
    """The button of an item's page sends it again, and the page says what came of it."""
    page = request(service, "GET", f"/health/refused/{mendable}", headers=FORM).body.decode()
    sent = request(service, "POST", "/health/replay", f"id={mendable}".encode(), FORM)
    shown = request(service, "GET", sent.headers["location"], headers=FORM).body.decode()

    assert 'action="/health/replay"' in page
    assert (303, "resolved") == (sent.status, states(service)[mendable])
    assert "1 of 1 sent again is kept now" in shown
    assert 'action="/health/replay"' not in shown


def test_a_form_for_all(service: Running, hopeless: int, mendable: int) -> None:
    """The button of the page on health sends all again that can be."""
    page = request(service, "GET", "/health", headers=FORM).body.decode()
    sent = request(service, "POST", "/health/replay", b"", FORM)
    shown = request(service, "GET", sent.headers["location"].partition("#")[0], headers=FORM).body.decode()

    assert 'action="/health/replay"' in page
    assert {hopeless: "rejected", mendable: "resolved"}.items() <= states(service).items()
    assert "refused still" in shown


def test_other_sites_cannot(service: Running, mendable: int) -> None:
    """A form of another site sends nothing again."""
    elsewhere = {**FORM, "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}

    assert 403 == request(service, "POST", "/health/replay", f"id={mendable}".encode(), elsewhere).status
    assert "rejected" == states(service)[mendable]


def test_it_takes_an_administrator(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A token that may read sees the page, and may not send again."""
    with running(tmp_path_factory.mktemp("closed") / "spanledger.db") as found:
        made = ask(found, "/tokens", method="POST", body={"name": "eyes", "scopes": "read"}, status=201)
        headers = {**FORM, "Authorization": f"Bearer {made['token']}"}
        seen = request(found, "GET", "/health", headers=headers).status
        told = [
            request(found, "POST", path, b"", headers).status
            for path in ("/health/replay", "/api/v1/rejections/replay")
        ]

    assert (200, [403, 403]) == (seen, told)


def _undecodable(_batch: object, _body: bytes) -> None:
    raise Undecodable("not understood yet")
