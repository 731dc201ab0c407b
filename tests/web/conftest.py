"""Share services that hold something to look at."""

from collections.abc import Iterator

import pytest

from tests.support import corpus
from tests.support.looking import Look, settle
from tests.support.service import running

SOURCES = ("claude-code-both", "codex-exec", "crewai-openinference", "gemini-cli", "openai-agents-genai")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Run a service that has heard some recorded runtimes."""
    with running(tmp_path_factory.mktemp("recorded") / "spanledger.db") as service:
        for name in corpus.ALL:
            if name.startswith(SOURCES):
                for one in corpus.source(name).requests:
                    corpus.send(service, one)
        settle(service)
        yield Look(service)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Run a service that has heard nothing."""
    with running(tmp_path_factory.mktemp("empty") / "spanledger.db") as service:
        yield Look(service)
