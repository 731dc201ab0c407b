"""Archived files of every kind lose what is erased, and nothing else."""

from contextlib import closing
from pathlib import Path

import pytest

from retention.archived import Archived
from retention.holdings import Subject, held_of
from schema.decode import decode
from schema.derived import Step
from schema.rows import Batch
from schema.signals import Signal
from schema.unfold import items
from store.archives import FORMATS, NEEDS
from store.arrow import is_there
from store.config import Store
from store.forgetting import Piece
from store.old import SqliteOldSide
from store.sqlite import SqliteWriteSide
from tests.support.people import Person

ANN = Person("ann", "s-ann", "annquux")
BOB = Person("bob", "s-bob", "bobquux")
NAMES = [
    pytest.param(
        name, marks=pytest.mark.skipif(name in NEEDS and not is_there(), reason="pyarrow is missing, NOT tested")
    )
    for name in FORMATS
]


def told(person: Person) -> dict[Signal, Batch]:
    """Decode one turn of a person's session."""
    return {signal: _decoded(signal, body) for signal, body in person.requests(1, seed=1)}


def _decoded(signal: Signal, body: bytes) -> Batch:
    return decode(signal, "json", body, transport="t", received_at=0)


@pytest.mark.parametrize("named", NAMES)
def test_a_file_loses_what_is_erased(tmp_path: Path, named: str) -> None:
    """Of each signal: what names a session, and what is in its traces; a file of which nothing is left is deleted."""
    written, ann, bob = FORMATS[named], told(ANN), told(BOB)
    writing = SqliteWriteSide(Store(path=tmp_path / "kept.db", reserve=0))
    (tmp_path / "day").mkdir()
    for signal in Signal:
        for name, chunks in (("both", [ann[signal], bob[signal]]), ("alone", [ann[signal]])):
            file = f"day/{signal}-{name}{written.suffix}"
            written.write(tmp_path / file, signal, [list(items(one)) for one in chunks])
            rows = sum(len(one.rows) for one in chunks)
            about = {
                "file": file,
                "signal": signal,
                "day": "day",
                "rows": rows,
                "bytes": 1,
                "digest": "",
                "created_at": "",
            }
            writing.forget(Piece(steps=[Step("add_archive", about)]))
    with closing(SqliteOldSide(tmp_path / "kept.db")) as side:
        held = held_of(side, Subject("session", ANN.session))
        archive = Archived(tmp_path, side)
        found = {one.file: one.held for one in archive.find(held)}
        for step in archive.rewrite(held):
            writing.forget(Piece(steps=[step]))

        assert {len(ann[signal].rows) for signal in Signal} == set(found.values())
        assert 6 == len(found)
        assert [] == archive.find(held)
    writing.close()
    for signal in Signal:
        path = tmp_path / f"day/{signal}-both{written.suffix}"
        left = [row for line in written.requests(path) for row in _decoded(signal, line).rows]
        assert bob[signal].rows == left
        assert not (tmp_path / f"day/{signal}-alone{written.suffix}").exists()
