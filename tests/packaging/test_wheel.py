"""Prove that what is installed is whole, alone, small, and works away from the checkout."""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "core",
    "schema",
    "mapping",
    "pricing",
    "tracking",
    "search",
    "access",
    "privacy",
    "store",
    "collector",
    "derive",
    "api",
    "mirror",
    "retention",
    "exporters",
    "web",
    "mcp_server",
)
MAX_BYTES = 100 << 20
BUSY_S = 2.0
"""Far more than it takes to start."""
PADDING = 7_000_000
NOBODY = 65534
MAX_DISTRIBUTIONS = 47
TRACE = "0af7651916cd43dd8448eb211c80319c"
REQUEST = {
    "resourceSpans": [
        {"scopeSpans": [{"spans": [{"traceId": TRACE, "spanId": "b7ad6b7169203331", "name": "chat", "kind": 3}]}]}
    ]
}


@dataclass(frozen=True, slots=True)
class Built:
    """Hold the files of a build."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """Hold an environment into which nothing but the wheel was installed."""

    python: Path
    program: Path
    packages: Path
    folder: Path

    def run(self, *arguments: str) -> str:
        """Run the program away from the checkout and give what it prints."""
        return self._output(str(self.program), *arguments)

    def script(self, text: str) -> Any:
        """Run a script that prints JSON in the environment's interpreter."""
        return json.loads(self._output(str(self.python), "-I", "-c", text))

    def _output(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=clean(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def clean() -> dict[str, str]:
    """Give the environment without anything that leads back to the checkout or to the user's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SPANLEDGER_", "PYTHON"))}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build sdist and wheel."""
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(target)], cwd=ROOT, check=True, capture_output=True
    )
    return Built(next(target.glob("*.whl")), next(target.glob("*.tar.gz")))


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel alone into a fresh environment."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    constraints = ["-c", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, *constraints, str(built.wheel)], cwd=folder, env=clean(), check=True, capture_output=True)
    packages = next((folder / "venv" / "lib").glob("python*/site-packages"))
    return Installed(python, folder / "venv" / "bin" / "spanledger", packages, folder)


def sources(folder: str) -> set[str]:
    """List a folder's files, caches aside."""
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_wheel_holds_the_folders(built: Built) -> None:
    """The wheel's files are the folders' files, the inner ones under `spanledger/modules`, and nothing else."""
    with zipfile.ZipFile(built.wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    inner = {f"spanledger/modules/{name}" for folder in FOLDERS for name in sources(folder)}

    assert sources("spanledger") | inner == names
    assert {"spanledger"} == {name.partition("/")[0] for name in names}
    assert "spanledger/modules/schema/migrations/0001_raw.sql" in names


def test_sdist_can_build_the_wheel(built: Built, tmp_path: Path) -> None:
    """A wheel built from the sdist is the wheel built from the checkout."""
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)

    def contents(path: Path) -> dict[str, int]:
        with zipfile.ZipFile(path) as archive:
            return {entry.filename: entry.CRC for entry in archive.infolist()}

    assert contents(built.wheel) == contents(tmp_path / built.wheel.name)


def test_installed_is_small(installed: Installed) -> None:
    """The program and all it needs stay within 100 MB and 47 distributions."""
    spared = ("pip", "setuptools")
    files = (path for path in installed.packages.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(
        path.stat().st_size for path in files if not path.relative_to(installed.packages).parts[0].startswith(spared)
    )
    distributions = [path for path in installed.packages.glob("*.dist-info") if not path.name.startswith(spared)]

    assert size <= MAX_BYTES
    assert len(distributions) <= MAX_DISTRIBUTIONS


def test_programs_can_import_it(installed: Installed) -> None:
    """A program imports the public modules from the wheel, writes and reads."""
    told = {"id": "a", "status": "completed"}
    lines = (
        "import json",
        "from spanledger import agents, jobs, traces",
        f"db = {str(installed.folder / 'own.db')!r}",
        f"jobs.record_job_completion({told!r}, db=db)",
        "print(json.dumps(jobs.get_job('a', db=db)['status']))",
    )

    assert "completed" == installed.script("\n".join(lines))


def test_agents_are_told_what_to_install(installed: Installed) -> None:
    """Without the extra, the command for agents says in one line what to install."""
    command = [str(installed.program), "mcp", "--db", str(installed.folder / "mcp.db")]
    done = subprocess.run(
        command, cwd=installed.folder, env=clean(), capture_output=True, text=True, timeout=60, check=False
    )

    assert 1 == done.returncode
    assert "pip install 'spanledger[mcp]'" in done.stderr


def test_names_are_ours_alone(installed: Installed) -> None:
    """Ours is one top-level name, and no dependency provides one of the names that the program uses inside."""
    script = "import json; from importlib.metadata import packages_distributions as p; print(json.dumps(p()))"
    providers = installed.script(script)

    assert ["spanledger"] == [name for name, owners in providers.items() if "spanledger" in owners]
    assert {"spanledger"} == {*FOLDERS, "spanledger"} & set(providers)


@pytest.fixture
def daemon(installed: Installed) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run the installed program, and give what it says when it is ready."""
    database = str(installed.folder / "spanledger.db")
    command = [str(installed.program), "serve", "--db", database, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=installed.folder, env=clean(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            records = (json.loads(line) for line in process.stderr)
            yield process, next(record for record in records if record["event"] == "ready")
        finally:
            process.kill()


def test_installed_program_works(installed: Installed, daemon: tuple[subprocess.Popen[str], dict[str, Any]]) -> None:
    """The wheel alone receives a request, keeps it, tells of it, and stops when told to."""
    process, ready = daemon
    base = f"http://{ready['http']}"
    with urllib.request.urlopen(f"{base}/readyz", timeout=10) as response:
        assert response.status == 200
    assert send(base) == 200

    assert [{"trace_id": TRACE}] == json.loads(
        installed.run("sql", "select trace_id from spans", "--db", ready["db"], "--json")
    )
    status = json.loads(installed.run("status", "--db", ready["db"], "--json"))
    assert (True, process.pid, 1) == (status["running"], status["pid"], status["ledger"][0]["stored"])
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a program as somebody else")
def test_the_unit_runs_it(installed: Installed, tmp_path: Path) -> None:
    """The service's own command line works for a user who may write to nothing but the state directory."""
    unit = (ROOT / "deploy" / "systemd" / "spanledger.service").read_text()
    (line,) = re.findall("^ExecStart=(.*)$", unit, re.MULTILINE)
    state, settings = tmp_path / "state", tmp_path / "spanledger.toml"
    sample = (ROOT / "deploy" / "config" / "laptop.toml").read_text()
    settings.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0", sample))
    state.mkdir()
    os.chown(state, NOBODY, NOBODY)
    for folder in (*tmp_path.parents, tmp_path, *installed.folder.parents, installed.folder):
        if folder.stat().st_uid == 0 and folder.is_relative_to(tempfile.gettempdir()):
            folder.chmod(folder.stat().st_mode | 0o011)
    command = line.replace("/opt/spanledger/bin/spanledger", str(installed.program))
    command = command.replace("/etc/spanledger/spanledger.toml", str(settings))
    environment = {"SPANLEDGER_DB": str(state / "spanledger.db"), "HOME": "/nonexistent"}
    with subprocess.Popen(
        command.split(), cwd="/", env=environment, stderr=subprocess.PIPE, text=True, user=NOBODY, group=NOBODY
    ) as process:
        assert process.stderr is not None
        try:
            records = (json.loads(line) for line in process.stderr)
            ready = next(record for record in records if record["event"] == "ready")
            assert send(f"http://{ready['http']}") == 200
            process.send_signal(signal.SIGTERM)

            assert process.wait(20) == 0
        finally:
            process.kill()
    assert {NOBODY} == {path.stat().st_uid for path in state.iterdir()}


def test_installed_helper_decodes(daemon: tuple[subprocess.Popen[str], dict[str, Any]]) -> None:
    """Requests over 32 KiB start the helper, which finds its modules in the wheel and decodes."""
    process, ready = daemon
    base = f"http://{ready['http']}"
    assert send(base, padding=PADDING) == 200
    (helper,) = children(process.pid, of=b"collector.helper")
    until = time.monotonic() + 20
    while cpu_s(helper) < BUSY_S and time.monotonic() < until:
        assert send(base, padding=PADDING) == 200

    assert cpu_s(helper) >= BUSY_S, "it started, and had nothing to do"
    assert children(process.pid, of=b"collector.helper") == [helper]


def send(base: str, *, padding: int = 0) -> int:
    """Post the request, made longer by blanks, and give the status."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/v1/traces", json.dumps(REQUEST).encode() + b" " * padding, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return int(response.status)


def children(pid: int, *, of: bytes) -> list[int]:
    """List the processes that a process started to run a module."""
    found = [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]
    return [one for one in found if of in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")]


def cpu_s(pid: int) -> float:
    """Give the seconds that a process has computed."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
