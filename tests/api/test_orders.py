"""Set prices over HTTP, and have everything derived and priced again, by a service that goes on."""

from collections.abc import Iterator

import pytest

from tests.support.api import ask
from tests.support.corpus import send, source
from tests.support.service import Running, running
from tests.support.wait import until

UNPRICED = "qwen-code-http"
MODEL = "qwen3-coder-plus"
LITELLM = {MODEL: {"litellm_provider": "dashscope", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}
COSTS = "select distinct cost_source, price_version from model_calls where input_tokens is not null"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that has derived calls of a model which nobody knows a price of."""
    with running(tmp_path_factory.mktemp("orders") / "spanledger.db") as made:
        for recorded in source(UNPRICED).requests:
            send(made, recorded)
        until(lambda: made.rows("select count(*) as n from model_calls")[0]["n"] >= 14, within_s=20)
        yield made


def carried_out(service: Running, path: str) -> None:
    """Order something, and wait until it is done."""
    number = ask(service, path, method="POST", status=202)["order"]
    until(lambda: ask(service, "/derived")["done"] >= number, within_s=20)


def test_prices_and_recost(service: Running) -> None:
    """An imported price counts where nobody else has one, and the user's wins."""
    assert [{"cost_source": "unknown_model", "price_version": None}] == service.rows(COSTS)

    assert 1 == ask(service, "/prices/import", method="POST", body={"litellm": LITELLM})["imported"]
    carried_out(service, "/recost")
    (imported,) = service.rows(COSTS)
    assert "computed" == imported["cost_source"]
    assert imported["price_version"].startswith("litellm 20")

    price = {"model": MODEL, "input_mtok": 3, "output_mtok": 4}
    ask(service, "/prices", method="POST", body=price, status=201)
    carried_out(service, "/recost")
    assert [{"cost_source": "computed", "price_version": "user"}] == service.rows(COSTS)
    (sums,) = service.rows("select sum(input_tokens) * 3000 + sum(output_tokens) * 4000 as nanos from model_calls")
    assert [sums] == service.rows("select sum(cost_nanos) as nanos from model_calls")

    ask(service, "/prices/remove", method="POST", body={"model": MODEL})
    ask(service, "/prices/remove", method="POST", body={"model": MODEL}, status=404)


def test_rebuild(service: Running) -> None:
    """Everything is derived again while the service runs, and comes to the same."""
    before = service.rows("select call_id, job_id, input_tokens from model_calls order by 1")
    carried_out(service, "/rebuild")

    assert before == service.rows("select call_id, job_id, input_tokens from model_calls order by 1")
    assert 0 == ask(service, "/derived")["failures"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/prices", {"model": MODEL}),
        ("/prices", {"input_mtok": 1}),
        ("/prices", {"model": MODEL, "input_mtok": -1}),
        ("/prices", {"model": MODEL, "input_mtok": 1, "valid_from": "soon"}),
        ("/prices/import", {"litellm": {"a": 1}}),
        ("/prices/import", {}),
        ("/rebuild", {"everything": True}),
    ],
)
def test_what_is_not_wanted_is_told(service: Running, path: str, body: object) -> None:
    """Values that are not what is wanted change nothing."""
    assert ask(service, path, method="POST", body=body, status=400)["detail"]
