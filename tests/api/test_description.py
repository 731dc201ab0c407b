"""Prove that the API is what its description says, with requests that are made from it (schemathesis)."""

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import apsw
import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import InvalidArgument, Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import checks
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode

from api.description import document, written
from api.operations import OPERATIONS as OPERATIONS_OF_PROGRAMS
from api.questions import QUESTIONS
from store.sqlite import SqliteWriteSide
from tests.support.api import ask
from tests.support.corpus import send, source
from tests.support.service import Running, running
from tests.support.told import job
from tests.support.wait import until

PATHS: Final = [
    *(question.path for question in QUESTIONS),
    *(operation.path for operation in OPERATIONS_OF_PROGRAMS.values()),
]
COSTLY: Final = ("/rebuild", "/recost", "/search/rebuild", "/prices")
"""What starts work in another process: it is asked for a few times at length, and never in a hurry."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that has heard an agent and was told a job."""
    with running(tmp_path_factory.mktemp("description") / "spanledger.db") as found:
        for recorded in source("openai-agents-openinference").requests:
            send(found, recorded)
        ask(found, "/jobs", method="POST", body=job(), status=201)
        until(lambda: bool(found.rows("select 1 from agent_traces where emitter <> 'api' limit 1")))
        yield found
        found.service.writer.run(lambda side: cast("SqliteWriteSide", side).transaction(_forget_timeless)).result()


def _forget_timeless(cursor: apsw.Cursor) -> None:
    """Forget jobs that were told without any time: they count in no day."""
    cursor.execute("delete from job_history where ifnull(started_at, completed_at) is null")


DESCRIPTION: Final = orjson.loads(document("test"))
SCHEMA: Final = schemathesis.openapi.from_dict(DESCRIPTION)
OPERATIONS: Final[dict[str, Any]] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}
CHECKS: Final = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
LONGEST: Final = 8_000
"""Characters of an address: more than 8,190 bytes of a request's first line are refused before anybody reads them."""


@pytest.mark.parametrize("label", [label for label in OPERATIONS if not label.endswith(COSTLY)])
def test_the_api_is_what_it_says(service: Running, label: str) -> None:
    """Every answer has a status, a type and a shape that is described; nothing is a fault of ours."""
    _check(service, label, examples=1)


@pytest.mark.soak
@pytest.mark.parametrize("label", OPERATIONS)
def test_the_api_is_what_it_says_at_length(service: Running, label: str) -> None:
    """The same with many more requests, of every operation."""
    _check(service, label, examples=5 if label.endswith(COSTLY) else 100)


def _check(service: Running, label: str, *, examples: int) -> None:
    """Send requests that are right, and requests that are wrong, as far as there is something to be wrong about."""
    for mode in GenerationMode:
        try:
            strategy = OPERATIONS[label].as_strategy(generation_mode=mode)
            _asking(service, strategy, examples)()
        except (InvalidArgument, Unsatisfiable):
            assert mode is GenerationMode.NEGATIVE, "what is right can always be made"


def _asking(service: Running, strategy: SearchStrategy[Any], examples: int) -> Callable[[], None]:
    @given(case=strategy)
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def asking(case: Any) -> None:
        sent = requests.Request(**case.as_transport_kwargs(base_url=service.url())).prepare()
        assume(len(sent.url or "") < LONGEST)
        case.call_and_validate(base_url=service.url(), checks=CHECKS)

    return asking


def test_every_question_is_described() -> None:
    """The description names every path, with a sentence on it and on each of its parameters."""
    paths = DESCRIPTION["paths"]

    assert {written(path) for path in PATHS} <= paths.keys()
    assert all(told["summary"].endswith(".") for one in paths.values() for told in one.values())
    assert all(
        parameter["description"].endswith(".")
        for one in paths.values()
        for told in one.values()
        for parameter in told.get("parameters", ())
    )
