"""Mirror of exporters/reporting.py: a daemon that tells another one how it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from spanledger.mistakes import Mistaken
from tests.exporters.far import far, status
from tests.support.clients import request
from tests.support.service import Running, configuration, running
from tests.support.wait import until

PATIENCE_S = 30


@pytest.mark.parametrize("kind", ["otlp/http", "otlp/grpc"])
def test_measurements_arrive_at_another_collector(tmp_path: Path, kind: str) -> None:
    """They are kept there under the daemon's name, with their values, again and again."""
    with running(tmp_path / "far.db") as other:
        url = f"http://127.0.0.1:{other.http if kind == 'otlp/http' else other.grpc}"
        settings = {"telemetry__kind": kind, "telemetry__endpoint": url, "telemetry__every": "1s"}
        with running(tmp_path / "near.db", **settings):
            until(lambda: len(times(other)) >= 2, within_s=PATIENCE_S)

        ready = other.rows("select value from metric_points where name = 'spanledger.ready' order by id desc limit 1")
        assert [{"value": 1.0}] == ready
        assert ["spanledger"] == [
            row["service_name"] for row in other.rows("select distinct service_name from metric_points")
        ]
        names = {row["name"] for row in other.rows("select distinct name from metric_points")}
        assert {"spanledger.commit.duration", "process.memory.usage", "spanledger.disk.free"} <= names


def times(other: Running) -> list[dict[str, object]]:
    """List the moments of which there are measurements."""
    return other.rows("select distinct time_unix_nano from metric_points where name = 'spanledger.ready'")


def test_a_far_side_that_fails_is_counted(tmp_path: Path) -> None:
    """Nothing waits for it; the page says how often it failed."""
    with far(status(503)) as side:
        settings = {"telemetry__endpoint": side.url, "telemetry__every": "1s"}
        with running(tmp_path / "near.db", **settings) as near:
            failed = 'spanledger_telemetry_requests_total{outcome="failed"} 2.0'
            until(lambda: failed in request(near, "GET", "/metrics").body.decode(), within_s=PATIENCE_S)

        assert {"spanledger"} == {headers["user-agent"] for headers in side.headers}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_a_daemon_does_not_send_to_itself(host: str) -> None:
    """An endpoint that is one of its own listeners is a mistake in the configuration."""
    with pytest.raises(Mistaken, match=r"telemetry: endpoint .* own listener"):
        configuration(**{"telemetry.endpoint": f"http://{host}:4317"})

    assert configuration(**{"telemetry.endpoint": f"http://{host}:4319"}).telemetry.endpoint


def test_the_sdk_is_loaded_only_when_it_is_asked_for() -> None:
    """A daemon that sends its measurements nowhere pays nothing for it."""
    program = "import sys, spanledger.service; print('opentelemetry.sdk' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "False" == told.stdout.strip()
