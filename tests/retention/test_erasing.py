"""What is erased is gone from every file to the last byte, and nobody else misses anything."""

import gzip
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import orjson
import pytest
from click.testing import CliRunner

from derive.channel import Order
from retention.archived import Archived
from retention.holdings import Subject, held_of
from retention.sweep import ArchiveFailed
from schema.derived import TABLES
from schema.signals import WIRE
from spanledger.cli import commands
from store.old import SqliteOldSide
from tests.support.api import ask
from tests.support.clients import JSON, post
from tests.support.people import Person
from tests.support.service import Running, running
from tests.support.wait import until

ANN = Person("ann@example.org", "11111111-aaaa-4aaa-8aaa-111111111111", "canaryannquux")
BOB = Person("bob@example.org", "22222222-bbbb-4bbb-8bbb-222222222222", "canarybobquux")
EVE = Person("eve@example.org", "33333333-cccc-4ccc-8ccc-333333333333", "canaryevequux")
MONTH = 40 * 24 * 3600 * 1_000_000_000
HOUR = 3600 * 1_000_000_000
TURNS = 6
WITHIN_S = 30
RAW = ("raw_spans", "raw_logs", "raw_points")


@dataclass(frozen=True, slots=True)
class Place:
    """Hold a running service and the folder of all its files."""

    service: Running
    folder: Path

    def hits(self, *words: str) -> dict[str, str]:
        """Name the files in which a word stands, archives unpacked."""
        found: dict[str, str] = {}
        for path in sorted(self.folder.rglob("*")):
            content = path.read_bytes() if path.is_file() else b""
            text = gzip.decompress(content) if path.suffix == ".gz" else content
            found.update((path.name, word) for word in words if word.encode() in text)
        return found

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


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Run a service with the sessions of three people, their older records in an archive."""
    folder = tmp_path_factory.mktemp("erased")
    with running(folder / "kept.db", retention__archive__folder=str(folder / "archive")) as made:
        found = Place(made, folder)
        for seed, ago in ((1, MONTH), (2, 0)):
            for person in (ANN, BOB, EVE):
                found.send(person, seed, ago=ago)
        found.settle()
        found.sweep()
        yield found


def of(place: Place, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Read every row of a person's session, in every table, and every archived line with their word."""
    query = "select * from {} where instr(json_array({}), '{}') or instr(json_array({}), '{}')"
    found = {}
    for table in (*RAW, *TABLES, "usage_days"):
        names = ", ".join(row["name"] for row in place.service.rows("select name from pragma_table_info(?)", table))
        found[table] = place.service.rows(query.format(table, names, person.word, names, person.session))
    files = [gzip.decompress(path.read_bytes()) for path in sorted(place.folder.rglob("*.gz"))]
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


def test_a_session_is_gone_to_the_last_byte_and_its_neighbour_is_whole(place: Place) -> None:
    """Neither its words nor its id are in any file; rows, sums of days and archives of another are as they were."""
    plan = ask(place.service, "/erase/plan", method="POST", body={"kind": "session", "id": ANN.session})
    assert place.hits(ANN.word).keys() >= {"kept.db-wal"}
    assert {4 * TURNS, 2 * TURNS, TURNS} == {plan["rows"][signal] for signal in ("traces", "logs", "metrics")}
    assert {4 * TURNS, 2 * TURNS, TURNS} == {one["rows"] for one in plan["files"]}
    assert [ANN.session] == plan["sessions"]
    before, days = of(place, BOB), place.service.rows("select sum(jobs_completed) as n from daily_metrics")[0]["n"]
    jobs = place.service.rows("select count(*) as n from job_history where session_id = ?", ANN.session)[0]["n"]

    done = place.erase("session", ANN.session)
    place.settle()

    assert ([], 3) == (done["troubles"], done["files"])
    assert {} == place.hits(ANN.word, ANN.session)
    assert before == of(place, BOB)
    assert len(before["raw_spans"]) == 4 * TURNS
    assert len(before["archive"]) == 3
    assert jobs > 0
    assert days - jobs == place.service.rows("select sum(jobs_completed) as n from daily_metrics")[0]["n"]
    place.service.balance()
    audit = place.service.rows("select action, detail from audit_log")[-1]
    assert "erase" == audit["action"]
    assert done["subject"] in audit["detail"]


def test_archives_are_listed_as_they_are(place: Place) -> None:
    """What the database says of archived files is what they are, also after they were written anew."""
    place.erase("session", EVE.session)
    for row in place.service.rows("select file, rows, bytes from archives"):
        path = place.folder / "archive" / row["file"]
        assert row["bytes"] == path.stat().st_size
    assert {TURNS, 2 * TURNS, 4 * TURNS} == {row["rows"] for row in place.service.rows("select rows from archives")}


def test_what_comes_late_is_erased_as_well(place: Place) -> None:
    """Records of an erased session, and of its traces, are gone after the next round, and their bytes within a day."""
    place.send(EVE, 2)
    place.send(EVE, 9, turns=2)
    place.settle()
    assert place.service.rows("select 1 from agent_sessions where session_id = ?", EVE.session)

    place.sweep()

    assert {table: [] for table in (*RAW, *TABLES)}.items() <= of(place, EVE).items()
    place.service.balance()
    assert place.service.rows("select 1 from erased where done_at is null")

    keeper = place.service.service.keeper
    keeper.clock = lambda: time.time_ns() + 25 * HOUR
    place.sweep()
    keeper.clock = time.time_ns

    assert {} == place.hits(EVE.word, EVE.session)
    assert not place.service.rows("select 1 from erased where done_at is null")


def test_what_is_not_held_and_what_is_pinned_is_not_erased(place: Place) -> None:
    """Nothing is erased that nobody knows, nor while it is pinned."""
    for kind in ("session", "user"):
        ask(place.service, "/erase/plan", method="POST", body={"kind": kind, "id": "nobody"}, status=404)
    ask(place.service, "/erase", method="POST", body={"kind": "planet", "id": "x"}, status=400)
    ask(place.service, "/pins", method="POST", body={"kind": "session", "name": BOB.session}, status=201)
    ask(place.service, "/erase", method="POST", body={"kind": "session", "id": BOB.session}, status=400)
    ask(place.service, "/pins/remove", method="POST", body={"kind": "session", "name": BOB.session})

    assert place.hits(BOB.word)


def test_an_archive_that_cannot_be_read_is_said(place: Place) -> None:
    """A file that is damaged is not passed over in silence."""
    side = SqliteOldSide(place.service.db)
    with closing(side):
        held = held_of(side, Subject("session", BOB.session))
        with pytest.raises(ArchiveFailed, match=r"retention\.archive\.folder"):
            Archived(None, side).find(held)
        path = next(place.folder.rglob("logs-*.gz"))
        kept = path.read_bytes()
        path.write_bytes(kept[: len(kept) // 2])
        with pytest.raises(ArchiveFailed, match="cannot be read"):
            Archived(place.folder / "archive", side).find(held)
        path.write_bytes(kept)


def test_a_user_is_erased_by_hand(tmp_path: Path) -> None:
    """Without a collector the command shows what would go, and erases all sessions of a user and what names them."""
    db = tmp_path / "kept.db"
    with running(db) as made:
        place = Place(made, tmp_path)
        for person in (ANN, BOB):
            place.send(person, 1)
        place.settle()
    runner = CliRunner()
    shown = runner.invoke(commands, ["erase", "user", ANN.name, "--db", str(db)])
    assert shown.exit_code == 0, shown.output
    assert ANN.session in shown.output
    assert place.hits(ANN.word)

    told = runner.invoke(commands, ["erase", "user", ANN.name, "--yes", "--json", "--db", str(db)])

    assert told.exit_code == 0, told.output
    assert {} == place.hits(ANN.word, ANN.session, ANN.name)
    assert {"kept.db"} <= place.hits(BOB.word).keys()
    with closing(apsw.Connection(str(db))) as connection:
        assert [("ok",)] == connection.execute("pragma integrity_check").fetchall()
    missing = runner.invoke(commands, ["erase", "user", ANN.name, "--db", str(db)], standalone_mode=False)
    assert "nothing is held of the user" in str(missing.exception)
