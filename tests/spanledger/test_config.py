"""Prove where the configuration comes from, and that every mistake is told at once."""

import tomllib
from pathlib import Path

import pytest

from core.section import Address
from spanledger import toml_text
from spanledger.config import default_database, gather, load, validate
from spanledger.layers import Given, assignment
from spanledger.mistakes import Mistaken

GRPC = ("collector", "grpc", "endpoint")
HTTP = ("collector", "http", "endpoint")


def file(folder: Path, text: str) -> Path:
    """Write a configuration file."""
    path = folder / "spanledger.toml"
    path.write_text(text)
    return path


def test_defaults() -> None:
    """Without any source everything has a value, and both listeners are on this machine alone."""
    config = load(environ={"HOME": "/home/me"})

    assert Path("/home/me/.local/share/spanledger/spanledger.db") == config.store.path
    assert Address("127.0.0.1", 4317) == config.collector.grpc.endpoint
    assert Address("127.0.0.1", 4318) == config.collector.http.endpoint


def test_later_sources_win(tmp_path: Path) -> None:
    """A flag wins over the environment, the environment over the file."""
    path = file(tmp_path, '[collector.grpc]\nendpoint = "127.0.0.1:1"\n[collector.http]\nendpoint = "127.0.0.1:2"\n')
    environ = {"SPANLEDGER_COLLECTOR__GRPC__ENDPOINT": "127.0.0.1:3", "SPANLEDGER_LOGS__LEVEL": "debug"}

    config = load(file=path, environ=environ, flags=[Given(GRPC, "127.0.0.1:4", "--grpc")])

    assert ("127.0.0.1", 4) == config.collector.grpc.endpoint
    assert ("127.0.0.1", 2) == config.collector.http.endpoint
    assert config.logs.level == "debug"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_DATA_HOME": "/data", "HOME": "/home/me"}, "/data/spanledger/spanledger.db"),
        ({"HOME": "/home/me"}, "/home/me/.local/share/spanledger/spanledger.db"),
    ],
)
def test_default_database(environ: dict[str, str], expected: str) -> None:
    """The database is in the user's data directory."""
    assert Path(expected) == default_database(environ)


def test_database_variable(tmp_path: Path) -> None:
    """SPANLEDGER_DB wins over the file, --db over both."""
    path = file(tmp_path, '[store]\npath = "/from/file.db"\n')
    environ = {"SPANLEDGER_DB": "/from/environment.db"}

    assert Path("/from/environment.db") == load(file=path, environ=environ).store.path
    flags = [Given(("store", "path"), "/from/flag.db", "--db")]
    assert Path("/from/flag.db") == load(file=path, environ=environ, flags=flags).store.path


def test_home_is_expanded() -> None:
    """A tilde in the database's path is the user's home."""
    path = load(environ={"SPANLEDGER_DB": "~/x.db"}).store.path

    assert Path.home() / "x.db" == path


def test_text_is_read_as_its_setting_says() -> None:
    """In the environment and with --set, lists have commas, secrets may look like numbers, flags are words."""
    environ = {
        "SPANLEDGER_COLLECTOR__TOKENS": "12345, abc",
        "SPANLEDGER_COLLECTOR__HTTP__ALLOWED_HOSTS": '["a", "b,c"]',
        "SPANLEDGER_COLLECTOR__LIMITS__CONNECTIONS": "7",
    }

    collector = load(environ=environ, flags=[assignment("collector.insecure_no_auth=true")]).collector

    assert ["12345", "abc"] == [token.get_secret_value() for token in collector.tokens]
    assert ("a", "b,c") == collector.http.allowed_hosts
    assert collector.limits.connections == 7
    assert collector.insecure_no_auth


def test_every_mistake_at_once(tmp_path: Path) -> None:
    """Each mistake is one line with its path, what to write instead, and where it came from."""
    path = file(tmp_path, '[collector.grpc]\nendpint = "127.0.0.1:1"\n[logs]\nlevel = "loud"\n')
    environ = {"SPANLEDGER_COLECTOR__GRPC__ENDPOINT": "off", "SPANLEDGER_COLLECTOR__LIMITS__WAIT": "5x"}

    with pytest.raises(Mistaken) as caught:
        load(file=path, environ=environ, flags=[Given(HTTP, "nowhere", "--http"), assignment("store.pth=x")])

    lines = sorted(caught.value.lines)
    assert len(lines) == 6
    assert lines[0] == (
        "SPANLEDGER_COLECTOR__GRPC__ENDPOINT: there is no such setting; "
        "did you mean SPANLEDGER_COLLECTOR__GRPC__ENDPOINT? (from the environment)"
    )
    wanted = f"there is no such setting; did you mean collector.grpc.endpoint? (from {path})"
    assert f"collector.grpc.endpint: {wanted}" == lines[1]
    assert lines[2].startswith("collector.http.endpoint: 'nowhere' is not an address; write HOST:PORT")
    assert lines[2].endswith("(from --http)")
    assert lines[3].startswith("collector.limits.wait: '5x' is not understood")
    assert lines[3].endswith("(from environment variable SPANLEDGER_COLLECTOR__LIMITS__WAIT)")
    assert lines[4].startswith("logs.level: input should be 'debug', 'info'")
    assert lines[5] == "store.pth: there is no such setting; did you mean store.path? (from --set store.pth)"


def test_unreadable_file_does_not_hide_other_mistakes(tmp_path: Path) -> None:
    """A file that is missing or broken is one mistake beside the others."""
    broken = file(tmp_path, "[store\n")

    for path, told in ((tmp_path / "none.toml", "cannot be read"), (broken, "is not TOML")):
        with pytest.raises(Mistaken) as caught:
            load(file=path, environ={"SPANLEDGER_LOGS__LEVEL": "loud"})
        assert len(caught.value.lines) == 2
        assert f"{path}: {told}" in caught.value.lines[0]


@pytest.mark.parametrize(
    ("mode", "text", "warned"),
    [
        (0o644, 'tokens = ["hush"]', True),
        (0o640, 'tokens = ["hush"]', True),
        (0o604, "tokens = 5", True),
        (0o600, 'tokens = ["hush"]', False),
        (0o644, "tokens = []", False),
        (0o644, "insecure_no_auth = true", False),
    ],
)
def test_secret_that_others_can_read(tmp_path: Path, mode: int, text: str, *, warned: bool) -> None:
    """A file with a token that others can read is warned of, even if the token is not the one in force."""
    path = file(tmp_path, f"[collector]\n{text}\n")
    path.chmod(mode)

    warnings = gather(file=path, environ={"SPANLEDGER_COLLECTOR__TOKENS": "other"}).warnings

    told = f"{path}: holds collector.tokens and can be read by other users; make it private with chmod 600"
    assert [told] * warned == warnings


def test_value_in_the_place_of_a_section() -> None:
    """A value where a section belongs is a mistake, whatever else is set below it."""
    environ = {"SPANLEDGER_COLLECTOR": "5", "SPANLEDGER_COLLECTOR__GRPC__ENDPOINT": "off"}

    with pytest.raises(Mistaken, match="collector: input should be a valid dictionary"):
        load(environ=environ)


def test_listens_somewhere() -> None:
    """At least one listener must be on, and the mistake hides no other."""
    environ = {"SPANLEDGER_LOGS__LEVEL": "loud"}

    with pytest.raises(Mistaken, match="both off") as caught:
        load(environ=environ, flags=[Given(GRPC, "off", "--grpc"), Given(HTTP, "off", "--http")])
    assert len(caught.value.lines) == 2


@pytest.mark.parametrize("wrong", ["", "x", "=1", "a..b=1"])
def test_wrong_assignment(wrong: str) -> None:
    """What is no assignment is refused with an example."""
    with pytest.raises(ValueError, match="write path=value"):
        assignment(wrong)


def test_written_configuration_is_read_again(tmp_path: Path) -> None:
    """What is in force is written as TOML that gives the same configuration, secrets masked."""
    environ = {"SPANLEDGER_COLLECTOR__TOKENS": "hidden-token", "SPANLEDGER_DB": '/a "b"\\c.db'}
    merged = gather(file=None, environ=environ, flags=[assignment("store.replay_window=90s")])
    config = validate(merged)

    text = toml_text.write(config, merged)

    assert "hidden-token" not in text
    assert 'replay_window = "90s"  # from --set store.replay_window' in text
    again = load(file=file(tmp_path, text), environ={})
    assert config.store == again.store
    assert tomllib.loads(text)["collector"]["tokens"] == ["**********"]
