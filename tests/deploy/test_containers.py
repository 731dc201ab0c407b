"""The image and the manifests: what they name is there, and they run as nobody in particular."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from spanledger.settings import PREFIX
from tests.packaging.test_imports import FOLDERS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SETTING = re.compile(rf"{PREFIX}(?!DB\b)[A-Z_]+")

needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="kubectl is missing: the manifests are not built"
)


def instructions(name: str) -> list[str]:
    """Read the lines of a file, comments aside."""
    return [line for line in (DEPLOY / name).read_text().splitlines() if line and not line.startswith("#")]


def test_the_build_sees_what_the_wheel_needs_and_no_more() -> None:
    """Each folder of the program is let into the context."""
    let_in = {line.removeprefix("!") for line in instructions("Dockerfile.dockerignore") if line.startswith("!")}
    files = {"pyproject.toml", "constraints.txt", "README.md", "LICENSE", "CHANGELOG.md"}

    assert {*FOLDERS, *files} == let_in


def test_the_image_runs_as_nobody_and_says_how_it_is() -> None:
    """Not as root, with a health check, on the ports that everybody knows."""
    lines = instructions("Dockerfile")

    assert "USER 65532:65532" in lines
    assert "EXPOSE 4317 4318" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert 'ENTRYPOINT ["spanledger"]' in lines


@pytest.mark.parametrize("name", ["Dockerfile", "kubernetes/statefulset.yaml"])
def test_settings_in_the_environment_are_known(name: str) -> None:
    """Each variable is one that the reference lists."""
    known = (ROOT / "docs" / "configuration.md").read_text()
    named = set(SETTING.findall((DEPLOY / name).read_text()))

    assert named
    assert not {variable for variable in named if f"`{variable}`" not in known}


@needs_kubectl
def test_the_manifests_build() -> None:
    """Kustomize puts them together, each part with its selector, and the pod may do nothing that it need not."""
    told = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes")], capture_output=True, text=True, check=False, timeout=60
    )

    assert told.returncode == 0, told.stderr
    assert ["Namespace", "NetworkPolicy", "Service", "StatefulSet"] == sorted(
        re.findall(r"^kind: (\w+)$", told.stdout, re.MULTILINE)
    )
    for wanted in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "path: /readyz", "path: /healthz"):
        assert wanted in told.stdout
