"""Mirror `api.formats`: how answers are written, and when they are known already."""

from collections.abc import Iterator

import orjson
import pytest

from api.formats import CSV, JSON, LINES, chosen, csv, is_known, lines
from core.errors import NotAcceptable
from tests.support.api import ask, raw
from tests.support.service import Running, running
from tests.support.told import job


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that was told some jobs."""
    with running(tmp_path_factory.mktemp("formats") / "spanledger.db") as found:
        for number in range(3):
            told = job(id=f"job-{number}", prompt='=HYPERLINK("x")', started_at=f"2026-02-1{number}T10:00:00Z")
            ask(found, "/jobs", method="POST", body=told, status=201)
        yield found


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("text/csv", CSV),
        ("text/*", CSV),
        ("application/x-ndjson", LINES),
        ("application/jsonl", LINES),
        ("application/json;q=0.1, text/csv;q=0.2", CSV),
        ("application/json;q=0, */*", LINES),
        ("text/csv;q=nonsense, application/json", JSON),
    ],
)
def test_the_best_form_is_chosen(accept: str, media: str) -> None:
    """What Accept likes best is given, JSON among equals."""
    assert media == chosen(accept, (JSON, LINES, CSV))


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "nonsense"])
def test_no_form_fits(accept: str) -> None:
    """What cannot be written is said so."""
    with pytest.raises(NotAcceptable, match="can be given"):
        chosen(accept, (JSON, LINES, CSV))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_text_is_a_formula(text: str) -> None:
    """Text that a spreadsheet would take for a formula has an apostrophe before it; a number has none."""
    written = csv([{"text": text, "number": -1, "list": ["=x"]}], ("text", "number", "list")).decode()

    assert written.startswith(f'text,number,list\r\n"\'{text}",-1,')


def test_cells() -> None:
    """Values are written so that CSV readers give them back."""
    row = {"a": 'say "hi"', "b": "x,y\r\nz", "c": None, "d": True, "e": 1.5, "f": {"k": [1]}}

    assert 'a,b,c,d,e,f\r\n"say ""hi""","x,y\r\nz",,true,1.5,"{""k"":[1]}"\r\n' == csv([row], tuple(row)).decode()
    assert b'{"a":1}\n{"a":2}\n' == lines([{"a": 1}, {"a": 2}])


def test_known_answers() -> None:
    """A tag is known whether it is weak or one of several."""
    assert is_known('"a", W/"b"', '"b"')
    assert is_known("*", '"b"')
    assert not is_known("", '"b"')


def test_lists_in_each_form(service: Running) -> None:
    """A list has the same rows in every form, and the address of the next page in its head."""
    page = ask(service, "/jobs?limit=2")
    table = raw(service, "/jobs?limit=2", headers={"Accept": "text/csv"})
    told = raw(service, "/jobs?limit=2", headers={"Accept": "application/jsonl"})

    assert page["items"] == [orjson.loads(line) for line in told.body.splitlines()]
    assert b'"\'=HYPERLINK(""x"")"' in table.body
    assert 3 == table.body.count(b"\r\n")
    link = table.headers["link"]
    assert link.endswith('; rel="next"')
    following = link[link.index("<") + 1 : link.index(">")].removeprefix("/api/v1")
    assert ["job-0"] == [one["id"] for one in ask(service, following)["items"]]
    assert "link" not in raw(service, following).headers
    assert 406 == raw(service, "/jobs", headers={"Accept": "image/png"}).status
    assert 406 == raw(service, "/jobs/job-1", headers={"Accept": "text/csv"}).status


def test_an_answer_is_known_again(service: Running) -> None:
    """An answer that the caller has is not sent again; one that changed is."""
    first = raw(service, "/jobs")
    again = raw(service, "/jobs", headers={"If-None-Match": first.headers["etag"]})
    ask(service, "/jobs", method="POST", body=job(id="another"), status=201)
    later = raw(service, "/jobs", headers={"If-None-Match": first.headers["etag"]})

    assert (304, b"", first.headers["etag"]) == (again.status, again.body, again.headers["etag"])
    assert 200 == later.status
    assert later.headers["etag"] != first.headers["etag"]
    assert {"no-store"} == {reply.headers["cache-control"] for reply in (first, again, later)}


def test_heads_and_options(service: Running) -> None:
    """HEAD gives what GET gives, without the body; OPTIONS and 405 say which methods there are."""
    head = raw(service, "/jobs", method="HEAD")
    options = raw(service, "/jobs", method="OPTIONS")
    wrong = raw(service, "/jobs", method="PUT", body={})

    assert (200, b"", "application/json") == (head.status, head.body, head.headers["content-type"])
    assert (204, "GET, HEAD, OPTIONS, POST") == (options.status, options.headers["allow"])
    assert (405, options.headers["allow"]) == (wrong.status, wrong.headers["allow"])
