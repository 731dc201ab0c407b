"""The board and the alerts: they ask for nothing that a running service does not tell."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from core.counters import Counters
from tests.deploy.promql import Misread, read
from tests.exporters.far import far
from tests.support.clients import request
from tests.support.service import running
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
BOARD = json.loads((ROOT / "deploy" / "grafana" / "spanledger.json").read_text())
RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "spanledger-rules.yaml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
PROMETHEUS_OWN = {"up": ("gauge", {"job", "instance"})}
"""What Prometheus itself tells of each of its targets."""
OF_TARGETS = {"job", "instance"}
SEVERITIES = {"info", "warning", "critical"}
PARTS = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}

Known = dict[str, tuple[str, set[str]]]


def expressions() -> Iterator[tuple[str, str]]:
    """List all expressions, with where they stand."""
    for alert in ALERTS:
        yield alert["alert"], alert["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"].replace("$__rate_interval", "5m")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """Give the names that a running service tells, each with its kind and labels."""
    with far() as side:
        settings = {"exporters__far__kind": "otlp/http", "exporters__far__endpoint": side.url}
        with running(tmp_path_factory.mktemp("watching") / "ledger.db", **settings) as service:
            until(lambda: "spanledger_export_lag_seconds{" in page(service), within_s=30)
            families = list(text_string_to_metric_families(page(service)))
    meters = Counters().meters.all
    return PROMETHEUS_OWN | {
        family.name + ending: (family.type, {*meters[family.name].labels, *OF_TARGETS, *_le(ending)})
        for family in families
        for ending in PARTS[family.type]
    }


def page(service: Any) -> str:
    """Read the page."""
    return request(service, "GET", "/metrics").body.decode()


def _le(ending: str) -> set[str]:
    return {"le"} if ending == "_bucket" else set()


def test_only_measurements_that_there_are(known: Known) -> None:
    """Every metric is told by a running service, has the labels that it is asked by, and is what is done with it."""
    for where, text in expressions():
        found = read(text)
        assert found.metrics, where
        held: set[str] = set()
        for name, labels, is_ranged in found.metrics:
            assert name in known, f"{where}: there is no {name}"
            kind, has = known[name]
            assert set(labels) <= has, f"{where}: {name} has no label {set(labels) - has}"
            assert is_ranged == (kind != "gauge"), f"{where}: {name} is a {kind}"
            held |= has
        assert found.grouped <= held, f"{where}: nothing has {found.grouped - held}"


def test_texts_name_labels_that_are_left() -> None:
    """A legend or a text shows no label that the expression has added up over."""
    legends = [(t["expr"], t["legendFormat"]) for panel in PANELS for t in panel["targets"]]
    texts = [(alert["expr"], " ".join(alert["annotations"].values())) for alert in ALERTS]
    for text, told in legends + texts:
        shown = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", told))
        found = read(text.replace("$__rate_interval", "5m"))
        meters = Counters().meters.all
        own = {
            label
            for name, _, _ in found.metrics
            for label in getattr(meters.get(name.removesuffix("_total")), "labels", ())
        }
        assert shown <= (found.grouped or own | OF_TARGETS), (text, told)


@pytest.mark.parametrize("what", ["down", "disk", "refuses", "derive lag", "queue", "exporter stuck", "sweep fails"])
def test_what_must_wake_somebody_does(what: str) -> None:
    """There is an alert for each thing that ends badly when nobody looks."""
    names = [re.sub(r"(?<!^)(?=[A-Z])", " ", alert["alert"]).lower() for alert in ALERTS]

    assert any(what in name for name in names), names


def test_alerts_say_what_to_do() -> None:
    """Each has a name of its own, a severity, what happened and what to do; commands that it names are there."""
    commands = (ROOT / "docs" / "cli.md").read_text()
    for alert in ALERTS:
        assert alert["labels"]["severity"] in SEVERITIES
        assert {"summary", "description"} == set(alert["annotations"])
        assert re.fullmatch(r"\d+[mh]", alert.get("for", "1m"))
        for command in re.findall(r"`(spanledger [a-z ]+)`", " ".join(alert["annotations"].values())):
            assert f"## {command}\n" in commands, command
    assert len(ALERTS) == len({alert["alert"] for alert in ALERTS})


def test_the_board_can_be_shown() -> None:
    """Each panel has an id, a title, a sentence, and a place of its own; data come from where the user chooses."""
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert "${datasource}" == panel["datasource"]["uid"]
    assert len(BOARD["panels"]) == len({panel["id"] for panel in BOARD["panels"]})
    assert ["datasource", "instance"] == [variable["name"] for variable in BOARD["templating"]["list"]]


@pytest.mark.parametrize(
    "text", ["rate(a_total)", "a[5m]", "sum(a", "sum a)", "nonsense(a)", "a $ b", "increase(a_total) > 0"]
)
def test_what_is_wrong_is_not_read(text: str) -> None:
    """The reader refuses what Prometheus would, as far as we write it."""
    with pytest.raises(Misread):
        read(text)
