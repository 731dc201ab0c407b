"""Fetch what senders need and keep it in the checkout: older Python exporters, JavaScript's, and Go's.

Run as a program, this fetches all of it. Tests fetch what is missing, and skip with the reason where it cannot be had.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
JAVASCRIPT = HERE / "js"
GO = HERE / "go"
PYTHON_RELEASE = version("opentelemetry-sdk")
OLD_PYTHON_RELEASE = "1.44.0"
JAVASCRIPT_RELEASE = "0.223.1"
GO_RELEASE = "1.47.0"
OLD_PACKAGES = HERE / f"python-{OLD_PYTHON_RELEASE}.txt"
OLD_ENVIRONMENT = ROOT / f".venv-otel-{OLD_PYTHON_RELEASE}"
OLD_PYTHON = "SPANLEDGER_TEST_OLD_PYTHON"
"""Names a Python that has the older exporters already; then nothing is fetched."""
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "30")
NPM = ("npm", "ci", "--silent", "--fetch-retries", "1")
FETCH_S = 200
"""How long fetching may take before it counts as impossible."""
ENVIRONMENT = {**os.environ, "GOTOOLCHAIN": "local"}
_impossible: dict[Path, str] = {}


class MissingError(Exception):
    """Say why a kit cannot be had."""


def old_python() -> str:
    """Find or make a Python with the older exporters."""
    if OLD_PYTHON in os.environ:
        return os.environ[OLD_PYTHON]
    python = str(OLD_ENVIRONMENT / "bin" / "python")

    def fetch() -> None:
        _run(sys.executable, "-m", "venv", "--clear", str(OLD_ENVIRONMENT))
        _run(python, *PIP, "install", "--requirement", str(OLD_PACKAGES))

    _once(OLD_ENVIRONMENT, [OLD_PACKAGES], fetch)
    return python


def node() -> str:
    """Find Node, and fetch the exporters that package-lock.json names."""
    program = _program("node")
    _program("npm")
    _once(JAVASCRIPT / "node_modules", [JAVASCRIPT / "package-lock.json"], lambda: _run(*NPM, folder=JAVASCRIPT))
    return program


def go_sender() -> str:
    """Build the Go sender with the exporters that go.sum names."""
    _program("go")
    sources = [*sorted(GO.glob("*.go")), GO / "go.mod", GO / "go.sum"]
    _once(GO / "build", sources, lambda: _run("go", "build", "-o", "build/sender", ".", folder=GO))
    return str(GO / "build" / "sender")


def python_command(release: str, protocol: str) -> list[str]:
    """Write the command that sends with the Python exporters of a release: the older one or this environment's."""
    python = old_python() if release == OLD_PYTHON_RELEASE else sys.executable
    return [python, str(HERE / "python_sender.py"), protocol.partition("/")[0]]


def javascript_command(protocol: str) -> list[str]:
    """Write the command that sends with the JavaScript exporters."""
    return [node(), str(JAVASCRIPT / "sender.mjs"), protocol]


def go_command(protocol: str) -> list[str]:
    """Write the command that sends with the Go exporters."""
    return [go_sender(), protocol]


def main() -> int:
    """Fetch every kit; say what cannot be had and carry on."""
    missing = [reason for kit in (old_python, node, go_sender) if (reason := _reason(kit))]
    print("\n".join(missing) or "All clients are there.")  # noqa: T201  for whoever runs make
    return len(missing)


def _reason(kit: Callable[[], object]) -> str:
    try:
        kit()
    except MissingError as error:
        return str(error)
    return ""


def _once(folder: Path, sources: Sequence[Path], fetch: Callable[[], None]) -> None:
    """Fetch into a folder unless its stamp says that just this was fetched, or it was tried in vain."""
    stamp = folder / ".complete"
    wanted = "\n".join([sys.version, *(source.read_text() for source in sources)])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if folder not in _impossible:
        _impossible[folder] = _reason(fetch)
    if _impossible[folder]:
        raise MissingError(_impossible[folder])
    stamp.write_text(wanted)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"CLIENTS NOT TESTED: {name} is not installed")
    return found


def _run(*command: str, folder: Path = ROOT) -> None:
    written = " ".join(command)
    try:
        done = subprocess.run(
            command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=FETCH_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise MissingError(f"CLIENTS NOT TESTED: {written} took longer than {FETCH_S} s") from None
    if done.returncode:
        last = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise MissingError(f"CLIENTS NOT TESTED: {written} failed: {last}")


if __name__ == "__main__":
    sys.exit(main())
