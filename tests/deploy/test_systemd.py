"""The units: systemd finds nothing wrong with them, and little that they could do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from spanledger.cli import commands

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
PROGRAM = "/opt/spanledger/bin/spanledger"
MOST_EXPOSED = 15
"""Tenths of systemd's score from 0 to 10."""
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: the units are not verified"
)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Copy the units, with a program that is there on any machine."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace(PROGRAM, "/bin/true"))
    return tmp_path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd."""
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


@needs_systemd
def test_units_are_valid(units: Path) -> None:
    """Every line of every unit means something to systemd."""
    told = analyze("verify", *(str(path) for path in sorted(units.iterdir())))

    assert (0, "") == (told.returncode, told.stderr)


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_services_are_confined(units: Path, name: str) -> None:
    """What the service could do to the machine is little."""
    told = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(units / name))

    assert told.returncode == 0, told.stdout[-200:]


@pytest.mark.parametrize("name", SERVICES)
def test_services_run_commands_that_there_are(name: str) -> None:
    """The first words after the program are a command of ours."""
    (line,) = re.findall(rf"^ExecStart={PROGRAM} (.*)$", (UNITS / name).read_text(), re.MULTILINE)

    assert line.split()[0] in commands.commands
