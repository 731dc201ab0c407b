"""After an unclean end a damaged database is put aside; nobody comes in who could not before (reliability.md P16)."""

from pathlib import Path

import pytest

from access.tokens import hashed
from core.errors import Misconfigured
from schema.derived import Changes, Step
from schema.signals import WIRE, Signal
from store.config import Store
from store.soundness import fault_in, put_aside_before
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch, span
from tests.support import build
from tests.support.clients import PROTOBUF, post
from tests.support.service import running

SPANS = 3_000
TOKEN = "sl_ingest_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def zero_pages(db: Path) -> None:
    """Write zeroes over pages in the middle, as a bad disk does."""
    with db.open("r+b") as file:
        size = db.stat().st_size
        for place in range(size // 3, size * 2 // 3, size // 9):
            file.seek(place - place % 8192)
            file.write(bytes(8192))


def cut(db: Path) -> None:
    """Cut the file in half."""
    with db.open("r+b") as file:
        file.truncate(db.stat().st_size // 16384 * 8192)


@pytest.fixture(scope="module")
def _whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with spans and a token, once."""
    path = tmp_path_factory.mktemp("whole") / "kept.db"
    side = SqliteWriteSide(Store(path=path, reserve=0, durability="relaxed"))
    made = [span(number, attributes='{"said":"' + "x" * 300 + '"}') for number in range(SPANS)]
    side.commit([batch(made, signal=Signal.TRACES)])
    about = {
        "id": "t-1",
        "name": "laptop",
        "scopes": "ingest",
        "created_at": "2026-11-21T00:00:00Z",
        "expires_at": None,
    }
    side.apply(Changes(steps=[Step("add_token", {**about, "hash": hashed(TOKEN).hex()})]))
    side.close()
    return path


@pytest.fixture
def db(_whole: Path, tmp_path: Path) -> Path:
    """Give a copy that nobody let go of."""
    path = tmp_path / "kept.db"
    path.write_bytes(_whole.read_bytes())
    (tmp_path / "kept.db.lock").write_text("{}")
    return path


def test_a_sound_database_is_left_alone(db: Path) -> None:
    """A look after a crash changes nothing, and a database that is not there, or is empty, is sound."""
    assert "" == fault_in(db, seconds=30)
    assert "" == fault_in(db.with_name("none.db"), seconds=30)
    with running(db) as service:
        assert SPANS == service.count("traces")

    assert [] == put_aside_before(db)


def test_a_damaged_database_is_put_aside_and_serving_goes_on(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is kept whole under another name, a new one takes what comes, tokens hold on, and it is said what to do."""
    zero_pages(db)
    before = db.read_bytes()
    assert fault_in(db, seconds=30)
    with running(db) as service:
        body, shown = build.body(Signal.TRACES, 3), {**PROTOBUF, "Authorization": f"Bearer {TOKEN}"}
        assert 401 == post(service, WIRE[Signal.TRACES].path, body).status
        assert 200 == post(service, WIRE[Signal.TRACES].path, body, shown).status
        assert 3 == service.count("traces")

    (aside,) = put_aside_before(db)
    assert before == aside.read_bytes()
    said = capsys.readouterr()
    assert f"spanledger export --db {aside}" in said.out + said.err
    with running(db) as again:
        assert 3 == again.count("traces")
    assert [aside] == put_aside_before(db)


def test_it_can_be_refused_instead(db: Path) -> None:
    """Who wants to decide it is told what is wrong and what to do, and nothing is changed."""
    zero_pages(db)
    before = db.read_bytes()
    with (
        pytest.raises(Misconfigured, match=r"is damaged .*spanledger restore FILE"),
        running(db, store__broken="refuse"),
    ):
        pass

    assert before == db.read_bytes()
    assert [] == put_aside_before(db)


def test_nobody_is_let_in_when_tokens_cannot_be_read(db: Path) -> None:
    """A new database would let everybody in: the start is refused, unless the configuration names tokens."""
    cut(db)
    with pytest.raises(Misconfigured, match="who may come in cannot be read"), running(db):
        pass
    assert [] == put_aside_before(db)

    with running(db, collector__tokens='["sl_ingest_another"]') as service:
        body = build.body(Signal.TRACES, 3)
        assert 401 == post(service, WIRE[Signal.TRACES].path, body).status
        assert (
            200
            == post(
                service, WIRE[Signal.TRACES].path, body, {**PROTOBUF, "Authorization": "Bearer sl_ingest_another"}
            ).status
        )
    assert 1 == len(put_aside_before(db))


def test_another_file_is_no_damaged_database(tmp_path: Path) -> None:
    """What is none of ours is never moved."""
    path = tmp_path / "kept.db"
    path.write_bytes(b"something else entirely" * 1000)
    (tmp_path / "kept.db.lock").write_text("{}")
    with pytest.raises(Misconfigured), running(path):
        pass

    assert [] == put_aside_before(path)
