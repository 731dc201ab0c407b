"""Prove that every module imports only what its floor may know."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "spanledger",
    "web",
    "mcp_server",
    "collector",
    "derive",
    "api",
    "mirror",
    "retention",
    "exporters",
    "store",
    "mapping",
    "pricing",
    "tracking",
    "search",
    "access",
    "privacy",
    "schema",
    "core",
)

HOMES = {
    "aiohttp": {"access", "api", "collector", "mcp_server", "mirror", "web"},
    "apsw": {"store", "schema"},
    "click": {"spanledger"},
    "genai_prices": {"pricing"},
    "google": {"collector", "exporters", "schema", "spanledger"},
    "grpc": {"collector", "exporters"},
    "grpc_health": {"collector"},
    "jinja2": {"web"},
    "markupsafe": {"web"},
    "mcp": {"mcp_server"},
    "mcp_types": {"mcp_server"},
    "opentelemetry": {"collector", "exporters", "schema", "spanledger"},
    "orjson": {
        "api",
        "collector",
        "derive",
        "exporters",
        "mapping",
        "mcp_server",
        "mirror",
        "privacy",
        "retention",
        "schema",
        "search",
        "spanledger",
        "store",
        "web",
    },
    "prometheus_client": {"core", "exporters"},
    "pyarrow": {"store"},
    "pydantic": {"collector", "core", "exporters", "mirror", "privacy", "retention", "spanledger", "store"},
    "pydantic_core": {"core", "retention", "spanledger"},
    "re2": {"privacy"},
    "requests": {"exporters"},
    "structlog": {"spanledger"},
    "watchfiles": {"mirror"},
}
"""Which folders may import which library; the OpenTelemetry SDK is loaded where it is asked for (SDK_HOMES)."""

SDK_HOMES = {"exporters/measurements.py", "spanledger/demo.py", "spanledger/telling.py"}


def imports() -> Iterator[tuple[Path, str]]:
    """List every import of the program's folders by its full name."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((path.relative_to(ROOT), alias.name) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield path.relative_to(ROOT), node.module


def test_floors() -> None:
    """The layers of `pyproject.toml` hold; the linter runs apart, for it switches off every logger of its process."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout


def test_libraries_are_at_home() -> None:
    """A library is imported only in its homes."""
    known = set(sys.stdlib_module_names) | set(FOLDERS)
    strangers = {
        f"{path} imports {name}"
        for path, name in imports()
        if (top := name.partition(".")[0]) not in known and path.parts[0] not in HOMES.get(top, set())
    }

    assert set() == strangers


def test_sdk_is_loaded_where_it_is_asked_for() -> None:
    """Only what somebody asks for needs the OpenTelemetry SDK: the collector works on bytes."""
    users = {
        path.as_posix() for path, name in imports() if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))
    }

    assert users <= SDK_HOMES


def test_nothing_imports_the_tests() -> None:
    """Neither tests nor benchmarks are imported by the program."""
    assert not {f"{path}" for path, name in imports() if name.partition(".")[0] in {"tests", "benchmarks"}}
