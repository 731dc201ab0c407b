"""Measure what an installation costs: the wheel and all that it needs, in an environment of its own."""

import json
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.figures import MB, Figures, at_most
from benchmarks.job import ROOT
from benchmarks.server import fresh_folder
from benchmarks.settings import Settings, say

SIZE_MB, DISTRIBUTIONS = 100, 47
NOT_OURS = ("pip", "setuptools", "wheel")


def measure(settings: Settings) -> Figures:
    """Install once: the result does not vary."""
    with fresh_folder(settings.folder) as folder:
        python = install(folder / "venv", wheel(folder))
        size, names = size_mb(folder / "venv"), distributions(python)
    say(f"install: {size:.1f} MB, {len(names)} distributions")
    return {
        "install_size": at_most([size], unit="MB", most=SIZE_MB),
        "install_distributions": at_most([len(names)], unit="distributions", most=DISTRIBUTIONS, names=names),
    }


def wheel(folder: Path) -> Path:
    """Build the wheel."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return next(folder.glob("*.whl"))


def install(environment: Path, *requirements: Path | str, constraints: Path | None = ROOT / "constraints.txt") -> Path:
    """Make an environment, install into it, and give its interpreter."""
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    limits = ["--constraint", str(constraints)] if constraints else []
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *limits]
    subprocess.run([*command, *map(str, requirements)], check=True, stdout=sys.stderr)
    return python


def size_mb(environment: Path) -> float:
    """Add up the files in site-packages, compiled ones included, without the installer's own."""
    folders = [path for path in environment.glob("lib/python*/site-packages/*") if not _is_installer(path.name)]
    files = [file for path in folders for file in (path.rglob("*") if path.is_dir() else [path])]
    return sum(file.stat().st_size for file in files if file.is_file()) / MB


def distributions(python: Path) -> list[str]:
    """List the installed distributions without the installer's own."""
    command = [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return sorted(one["name"] for one in listed if not _is_installer(one["name"]))


def _is_installer(name: str) -> bool:
    return name.partition("-")[0] in (*NOT_OURS, "_distutils_hack", "distutils", "pkg_resources")
