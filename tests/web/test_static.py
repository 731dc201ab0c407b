"""Mirror `web.static`: what others wrote is what its notes say, and nothing else is served."""

import hashlib
import json
from pathlib import Path

import pytest

from web import static

HERE = Path(__file__).parent
FOLDERS = (static.FOLDER / "vendor", HERE / "vendor")


@pytest.mark.parametrize("folder", FOLDERS, ids=("pages", "tests"))
def test_vendored_files(folder: Path) -> None:
    """Each file of others is noted with its package, version, licence and digest, and is unchanged."""
    notes = json.loads((folder / "vendor.json").read_text())
    noted = {file["file"]: file["sha256"] for note in notes for file in note["files"]}
    licences = {note["licence_file"] for note in notes}

    assert {*noted, *licences, "vendor.json"} == {path.name for path in folder.iterdir()}
    for name, digest in noted.items():
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest(), name
    assert all(note["version"] and note["licence"] for note in notes)


def test_addresses_follow_contents() -> None:
    """A file's address holds a digest of what it is; there is none for a file that there is not."""
    found = static.asset("style.css")

    assert f"/static/{found.digest}/style.css" == static.address("style.css")
    with pytest.raises(KeyError):
        static.address("../app.py")
