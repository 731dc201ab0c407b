"""People whose records are kept in a database and an archive, and where words of theirs still stand."""

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from derive.channel import Order
from schema.derived import TABLES
from schema.signals import WIRE
from tests.support.api import ask
from tests.support.clients import JSON, post
from tests.support.people import Person
from tests.support.service import Running
from tests.support.wait import until

ANN = Person("ann@example.org", "11111111-aaaa-4aaa-8aaa-111111111111", "canaryannquux")
BOB = Person("bob@example.org", "22222222-bbbb-4bbb-8bbb-222222222222", "canarybobquux")
EVE = Person("eve@example.org", "33333333-cccc-4ccc-8ccc-333333333333", "canaryevequux")
MONTH = 40 * 24 * 3600 * 1_000_000_000
HOUR = 3600 * 1_000_000_000
TURNS = 6
WITHIN_S = 30
RAW = ("raw_spans", "raw_logs", "raw_points")
Ask = Callable[..., list[dict[str, Any]]]


def hits(folder: Path, *words: str) -> dict[str, str]:
    """Name the files of a folder in which a word stands, archives unpacked."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        text = gzip.decompress(content) if path.suffix == ".gz" else content
        found.update((path.name, word) for word in words if word.encode() in text)
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Hold a running service and the folder of all its files."""

    service: Running
    folder: Path

    def hits(self, *words: str) -> dict[str, str]:
        """Name the files in which a word stands, archives unpacked."""
        return hits(self.folder, *words)

    def send(self, person: Person, seed: int, *, ago: int = 0, turns: int = TURNS) -> None:
        """Send what a person's session tells, received some time ago."""
        self.service.service.ingest.clock = lambda: time.time_ns() - ago
        for signal, body in person.requests(turns, seed=seed, at=time.time_ns() - ago - HOUR):
            assert post(self.service, WIRE[signal].path, body, JSON).status == 200
        self.service.service.ingest.clock = time.time_ns

    def settle(self) -> None:
        """Wait until everything is derived from."""
        following = self.service.service.following
        number = following.order(Order.LET_GO)
        until(lambda: following.done >= number and following.is_level, within_s=WITHIN_S)

    def sweep(self) -> None:
        """Have retention go round."""
        token = ask(self.service, "/retention")["token"]
        number = ask(self.service, "/retention/run", method="POST", body={"token": token}, status=202)["order"]
        until(lambda: ask(self.service, "/retention/state")["done"] >= number, within_s=WITHIN_S)

    def erase(self, kind: str, name: str) -> dict[str, Any]:
        """Erase something, and give what came of it."""
        number = ask(self.service, "/erase", method="POST", body={"kind": kind, "id": name}, status=202)["order"]
        until(lambda: ask(self.service, f"/erase/{number}", status=0)["done"], within_s=WITHIN_S)
        told: dict[str, Any] = ask(self.service, f"/erase/{number}")
        return told

    def fill(self) -> None:
        """Send what three people's sessions tell, a month ago and now, and have what is old archived."""
        for seed, ago in ((1, MONTH), (2, 0)):
            for person in (ANN, BOB, EVE):
                self.send(person, seed, ago=ago)
        self.settle()
        self.sweep()


def of(ask: Ask, folder: Path, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Read every row of a person's session, in every table, and every archived line with their word."""
    query = "select * from {} where instr(json_array({}), '{}') or instr(json_array({}), '{}')"
    found = {}
    for table in (*RAW, *TABLES, "usage_days", "names"):
        names = ", ".join(row["name"] for row in ask("select name from pragma_table_info(?)", table))
        found[table] = ask(query.format(table, names, person.word, names, person.session))
    files = [gzip.decompress(path.read_bytes()) for path in sorted(folder.rglob("*.gz"))]
    lines = [line for text in files for line in text.splitlines()]
    found["archive"] = [{"items": items} for items in sorted(_items(orjson.loads(line), person) for line in lines)]
    return found


def _items(told: Any, person: Person) -> bytes:
    """Write the innermost objects of a request that hold a person's word or session."""
    inner = [
        item
        for key in told
        for envelope in told[key]
        for scope, scoped in envelope.items()
        if scope.startswith("scope")
        for each in scoped
        for name, items in each.items()
        if name in {"spans", "logRecords", "metrics"}
        for item in items
    ]
    written = [orjson.dumps(_points(item, person)) for item in inner]
    return b"\n".join(
        sorted(text for text in written if person.session.encode() in text or person.word.encode() in text)
    )


def _points(item: dict[str, Any], person: Person) -> dict[str, Any]:
    """Leave the points of a metric that are not a person's: one metric holds those of many."""
    if "sum" not in item:
        return item
    points = [one for one in item["sum"]["dataPoints"] if person.word in str(one)]
    return {**item, "sum": {**item["sum"], "dataPoints": points}}
