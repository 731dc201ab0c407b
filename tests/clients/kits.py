"""Fetch what senders need and keep it in the checkout: older Python exporters, JavaScript's, and Go's.

Run as a program, this fetches all of it. Tests fetch what is missing, and skip with the reason where it cannot be had.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
JAVASCRIPT = HERE / "js"
GO = HERE / "go"
OLD = "1.44.0"
OLD_ENVIRONMENT = ROOT / f".venv-otel-{OLD}"
OLD_PACKAGES = (f"opentelemetry-exporter-otlp-proto-grpc=={OLD}", f"opentelemetry-exporter-otlp-proto-http=={OLD}")
OLD_PYTHON = "SPANLEDGER_TEST_OTEL_1_44_PYTHON"
"""Names a Python that has the older exporters already; then nothing is fetched."""
FETCH_S = 240
"""How long fetching may take before it counts as impossible."""


class MissingError(Exception):
    """Say why a kit cannot be had."""


def old_python() -> Path:
    """Find or make a Python with the older exporters."""
    if OLD_PYTHON in os.environ:
        return Path(os.environ[OLD_PYTHON])
    python = OLD_ENVIRONMENT / "bin" / "python"
    wanted = "\n".join((sys.version, *OLD_PACKAGES))

    def fetch() -> None:
        _run([sys.executable, "-m", "venv", "--clear", OLD_ENVIRONMENT])
        _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *OLD_PACKAGES])

    _once(OLD_ENVIRONMENT / ".complete", wanted, fetch)
    return python


def node() -> str:
    """Find Node, and fetch the exporters that package-lock.json names."""
    program = _program("node")
    npm = _program("npm")
    wanted = (JAVASCRIPT / "package-lock.json").read_text()
    _once(JAVASCRIPT / "node_modules" / ".complete", wanted, lambda: _run([npm, "ci", "--silent"], folder=JAVASCRIPT))
    return program


def go_sender() -> Path:
    """Build the Go sender with the exporters that go.sum names."""
    program = _program("go")
    sender = GO / "build" / "sender"
    wanted = "\n".join((GO / name).read_text() for name in ("main.go", "go.mod", "go.sum"))
    _once(GO / "build" / ".complete", wanted, lambda: _run([program, "build", "-o", sender, "."], folder=GO))
    return sender


def python_command(release: str, protocol: str) -> list[str]:
    """Write the command that sends with the Python exporters of a release: the older one or this environment's."""
    python = old_python() if release == OLD else sys.executable
    return [str(python), str(HERE / "python_sender.py"), protocol.partition("/")[0]]


def javascript_command(protocol: str) -> list[str]:
    """Write the command that sends with the JavaScript exporters."""
    return [node(), str(JAVASCRIPT / "sender.mjs"), protocol]


def go_command(protocol: str) -> list[str]:
    """Write the command that sends with the Go exporters."""
    return [str(go_sender()), protocol]


def main() -> int:
    """Fetch every kit; say what cannot be had and carry on."""
    missing = [reason for kit in (old_python, node, go_sender) if (reason := _reason(kit))]
    print("\n".join(missing) or "All clients are there.")
    return len(missing)


def _reason(kit: Callable[[], object]) -> str:
    try:
        kit()
    except MissingError as error:
        return str(error)
    return ""


def _once(stamp: Path, wanted: str, fetch: Callable[[], None]) -> None:
    """Fetch unless the stamp says that this was fetched already."""
    if stamp.exists() and stamp.read_text() == wanted:
        return
    fetch()
    stamp.write_text(wanted)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"CLIENTS NOT TESTED: {name} is not installed")
    return found


def _run(command: Sequence[str | Path], folder: Path = ROOT) -> None:
    try:
        done = subprocess.run(
            list(command), cwd=folder, capture_output=True, text=True, timeout=FETCH_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise MissingError(f"CLIENTS NOT TESTED: {_written(command)} took longer than {FETCH_S} s") from None
    if done.returncode:
        last = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise MissingError(f"CLIENTS NOT TESTED: {_written(command)} failed: {last}")


def _written(command: Sequence[str | Path]) -> str:
    return " ".join(str(part) for part in command)


if __name__ == "__main__":
    sys.exit(main())
