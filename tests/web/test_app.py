"""Mirror `web.app`: pages are whole, safe, kept only as long as they hold, and read without JavaScript."""

import json
import re
from pathlib import Path

import pytest

from tests.support import hostile
from tests.support.bookkeeping import fill
from tests.support.looking import Look, faults, settle
from tests.support.service import running

PLAIN = ("/", "/sessions", "/jobs", "/tools", "/cost", "/health", "/connect")
BOOK = ("/work", "/experiments")
OTHER = ("/search", "/search?q=weather", "/sql", "/sql?q=select+1", "/sql?q=drop+table+spans", *BOOK)
FILLED = ("/work/plans/search", "/work/debugging/slow", "/experiments/index", "/experiments/index?x=weight&y=recall")


def addresses(look: Look) -> list[str]:
    """List a page of each kind that there is something for."""
    rows = look.service.rows
    session = rows("select session_id as id from agent_sessions order by length(session_id), session_id")[0]["id"]
    job = rows("select id from job_history order by failed_tool_calls desc, id limit 1")[0]["id"]
    span = rows("select trace_id, span_id from raw_spans order by id limit 1")[0]
    entry = rows("select trace_id as id from agent_traces where raw_output is not null order by timestamp limit 1")
    trace = f"/traces/{span['trace_id']}"
    tool = rows("select name from tool_calls order by name limit 1")[0]["name"]
    return [
        *PLAIN,
        *OTHER,
        *FILLED,
        f"/tools/{tool}",
        f"/tools/{tool}?failed=1",
        "/tools?sort=p95&period=all",
        "/cost?period=all",
        f"/sessions/{session}",
        f"/jobs/{job}",
        trace,
        f"{trace}?levels=2",
        f"{trace}?at={span['span_id']}",
        f"{trace}/spans/{span['span_id']}",
        f"/entries/{entry[0]['id']}",
    ]


def test_every_page_is_whole(recorded: Look) -> None:
    """Every page answers with HTML that is closed, runs nothing inline, and leads only to pages that there are."""
    fill(recorded.service)
    links: set[str] = set()
    for path in addresses(recorded):
        seen = recorded.get(path)
        assert (200, "text/html; charset=utf-8", []) == (seen.status, seen.headers["content-type"], faults(seen.html))
        links |= {link for link in seen.links if link.startswith("/")}
    for link in sorted(links)[::7]:
        assert recorded.get(link.split("#", maxsplit=1)[0]).status == 200, link


@pytest.mark.parametrize("path", PLAIN)
def test_nothing_recorded(empty: Look, path: str) -> None:
    """With nothing recorded every page says how to begin."""
    seen = empty.get(path)

    assert (200, []) == (seen.status, faults(seen.html))
    assert "/connect" in seen.links
    assert "spanledger demo" in seen.text


@pytest.mark.parametrize("path", [*BOOK, "/search", "/sql"])
def test_nothing_told(empty: Look, path: str) -> None:
    """What programs have told nothing of says how to tell it."""
    seen = empty.get(path)

    assert (200, []) == (seen.status, faults(seen.html))
    assert any(sign in seen.html for sign in ("<code>", "paste", "/sql?q="))


def test_connecting(empty: Look) -> None:
    """The first page shows each runtime's lines with the addresses that this daemon has."""
    text = empty.get("/").text

    assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://{empty.service.service.http_address}" in text
    assert "Claude Code" in text
    assert not re.search(r"\b431[78]\b", text)


def test_headers(recorded: Look) -> None:
    """Browsers are told to run nothing but our files, to guess no types, and to frame no page."""
    for path in ("/", "/nowhere", recorded.get("/").html.split('href="/static/')[1].split('"')[0]):
        headers = recorded.get(path if path.startswith("/") else f"/static/{path}").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert ("nosniff", "DENY") == (headers["x-content-type-options"], headers["x-frame-options"])


def test_unchanged(recorded: Look) -> None:
    """A page that has not changed is not sent again; files are kept for ever under the name of their content."""
    first = recorded.get("/sessions")
    again = recorded.get("/sessions", {"If-None-Match": first.headers["etag"]})
    file = next(link for link in first.links if link.endswith("style.css"))
    style = recorded.get(file)

    assert (304, "") == (again.status, again.html)
    assert "immutable" in style.headers["cache-control"]
    assert 304 == recorded.get(file, {"If-None-Match": style.headers["etag"]}).status
    assert "no-cache" == recorded.get(file.replace(file.split("/")[2], "0" * 12)).headers["cache-control"]
    assert 404 == recorded.get("/static/x/../../app.py").status


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/sessions/nobody", 404, "there is no session"),
        ("/traces/" + "0" * 32, 404, "there is no trace"),
        ("/sessions?status=lost", 400, "one of active, ended"),
        ("/sessions?min_cost=-1", 400, "a number of zero or more"),
        ("/jobs?period=ever", 400, "one of 1h"),
        ("/sessions?after=%FF", 400, "cursor"),
        ("/nowhere", 404, "there is no page"),
    ],
)
def test_errors(recorded: Look, path: str, status: int, told: str) -> None:
    """What cannot be shown is told on a page, with what is wanted instead."""
    seen = recorded.get(path)

    assert (status, []) == (seen.status, faults(seen.html))
    assert told in seen.text


def test_programs_get_no_pages(recorded: Look) -> None:
    """An error for a program stays what it was."""
    seen = recorded.get("/nowhere", {"Accept": "*/*"})

    assert (404, "application/json") == (seen.status, seen.headers["content-type"])
    assert "OTLP goes to" in json.loads(seen.html)["message"]


def test_sql_is_the_same_as_of_programs(recorded: Look) -> None:
    """The page runs a statement as /api/v1/sql does: a mistake is told with its place, tokens are not there."""
    answered = recorded.get("/sql?q=select+name+from+spans+order+by+name+limit+1").text
    wrong, closed = (
        recorded.get(f"/sql?q=select+{what}").text for what in ("colour+from+spans", "*+from+access_tokens")
    )

    assert recorded.service.rows("select name from spans order by name limit 1")[0]["name"] in answered
    assert "no such column: colour (line 1, column 8)" in wrong
    assert "/api/v1/schema" in closed
    assert "Calls of tools, each once." in recorded.get("/sql").text


def test_links_from_elsewhere(recorded: Look) -> None:
    """A person may follow a link from another site to a page; scripts of that site may not ask for it."""
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    assert 200 == recorded.get("/sessions", followed).status
    assert 403 == recorded.get("/sessions", {**followed, "Sec-Fetch-Mode": "no-cors"}).status
    assert 403 == recorded.get("/sessions", {**followed, "Sec-Fetch-Dest": "iframe"}).status
    assert 403 == recorded.get("/api/v1/sessions", followed).status


def test_token(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where a token is set, pages ask for it once; a cookie that no script can read shows it after that."""
    db = tmp_path_factory.mktemp("locked") / "spanledger.db"
    with running(db, collector__tokens='["sesame-sesame-sesame"]') as service:
        look = Look(service)
        for path in ("/", "/sessions", "/live"):
            assert 401 == look.get(path).status
        asked = look.get("/")
        assert 'type="password"' in asked.html
        wrong = look.send("POST", "/enter", b"token=open")
        right = look.send("POST", "/enter", b"token=sesame-sesame-sesame")
        cookie = right.headers["set-cookie"]

        assert (401, 303) == (wrong.status, right.status)
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert 200 == look.get("/sessions", {"Cookie": cookie.split(";")[0]}).status
        assert 401 == look.get("/sessions", {"Cookie": "spanledger=0"}).status
        assert 200 == look.get("/sessions", {"Authorization": "Bearer sesame-sesame-sesame"}).status


def test_row_75_row_77_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    """Every page shows scripts, links and templates in every field as text: escaped, in sight, and never a link."""
    with running(tmp_path / "spanledger.db") as service:
        hostile.send(service)
        settle(service)
        fill(service, prefix=hostile.TEXTS[0] + hostile.TEXTS[1], session=hostile.SESSION)
        look = Look(service)
        shown = ""
        for path in [*PLAIN, *OTHER, *FILLED, *hostile.pages(service)]:
            seen = look.get(path)
            assert (200, []) == (seen.status, faults(seen.html)), path
            assert not re.search("<script>|<img|<svg/|[\x00\x07\x1b\u200b\u202e\u2066]|\\{49\\}", seen.html), path
            leaving = [link for link in seen.links if not link.startswith(("/", "#", "http://evil.example/"))]
            assert [] == leaving, path
            shown += seen.text

    assert "<script>window.owned=1</script>" in shown
    assert "[U+202E]gnp.exe" in shown
    assert "{{ 7*7 }}" in shown
