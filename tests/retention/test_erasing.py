"""What is erased is gone from every file to the last byte, and nobody else misses anything."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner

from retention.archived import Archived
from retention.holdings import Subject, held_of
from retention.sweep import ArchiveFailed
from schema.derived import TABLES
from spanledger.cli import commands
from store.old import SqliteOldSide
from tests.retention.erasures import ANN, BOB, EVE, HOUR, RAW, TURNS, Place, of
from tests.support.api import ask
from tests.support.service import running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Run a service with the sessions of three people, their older records in an archive."""
    folder = tmp_path_factory.mktemp("erased")
    with running(folder / "kept.db", retention__archive__folder=str(folder / "archive")) as made:
        found = Place(made, folder)
        found.fill()
        yield found


def test_a_session_is_gone_to_the_last_byte_and_its_neighbour_is_whole(place: Place) -> None:
    """Neither its words nor its id are in any file; rows, sums of days and archives of another are as they were."""
    plan = ask(place.service, "/erase/plan", method="POST", body={"kind": "session", "id": ANN.session})
    assert place.hits(ANN.word).keys() >= {"kept.db-wal"}
    assert {4 * TURNS, 2 * TURNS, TURNS} == {plan["rows"][signal] for signal in ("traces", "logs", "metrics")}
    assert {4 * TURNS, 2 * TURNS, TURNS} == {one["rows"] for one in plan["files"]}
    assert [ANN.session] == plan["sessions"]
    before = of(place.service.rows, place.folder, BOB)
    days = place.service.rows("select sum(jobs_completed) as n from daily_metrics")[0]["n"]
    jobs = place.service.rows("select count(*) as n from job_history where session_id = ?", ANN.session)[0]["n"]

    done = place.erase("session", ANN.session)
    place.settle()

    assert ([], 3) == (done["troubles"], done["files"])
    assert {} == place.hits(ANN.word, ANN.session)
    assert before == of(place.service.rows, place.folder, BOB)
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

    assert {table: [] for table in (*RAW, *TABLES)}.items() <= of(place.service.rows, place.folder, EVE).items()
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
