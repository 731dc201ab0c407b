"""Tokens from the command line, with a daemon and without one."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import Misconfigured
from spanledger.cli import run
from tests.support.service import running


def told(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    """Run a command; give what it writes as JSON."""
    assert status == run([*words, "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("db")
def test_a_token_is_made_shown_once_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output holds the token alone, for scripts; the list never has it, and the log says who did what."""
    assert 0 == run(["token", "make", "laptop", "--scope", "ingest,read", "--expires", "90d"])
    shown = capsys.readouterr()
    (listed,) = told(capsys, "token", "list")

    assert shown.out.startswith("sl_read_")
    assert 1 == shown.out.count("\n")
    assert "keep the token now" in shown.err
    assert ("laptop", "ingest,read", None) == (listed["name"], listed["scopes"], listed["revoked_at"])
    assert shown.out.strip() not in json.dumps(listed)
    assert listed["expires_at"] > listed["created_at"]

    assert 0 == run(["token", "revoke", listed["id"]])
    assert 4 == run(["token", "revoke", listed["id"]])
    capsys.readouterr()
    assert ["revoke_token", "make_token"] == [entry["action"] for entry in told(capsys, "audit")]


@pytest.mark.usefixtures("db")
def test_the_list_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a token it says what that means; with one, in what state it is."""
    assert 0 == run(["token"])
    assert "everybody who can connect may do everything" in capsys.readouterr().out

    assert 0 == run(["token", "make", "laptop"])
    assert 0 == run(["token"])
    assert "good" in capsys.readouterr().out


def test_listening_beyond_this_machine_needs_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the database holds is enough; one that was revoked is none."""
    path = tmp_path / "open.db"
    monkeypatch.setenv("SPANLEDGER_DB", str(path))
    everywhere = {"collector__http__endpoint": "0.0.0.0:0"}
    with pytest.raises(Misconfigured, match="spanledger token make NAME"), running(path, **everywhere):
        pass

    assert 0 == run(["token", "make", "team"])
    with running(path, **everywhere) as service:
        assert service.service.doors.gate.closed
