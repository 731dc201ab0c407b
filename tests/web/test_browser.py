"""Look at every page in Chromium: as recorded, with nothing, with hostile text, without JavaScript, by keyboard."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from tests.support import corpus, hostile, large_trace
from tests.support.bookkeeping import fill
from tests.support.browser import browsing, window
from tests.support.looking import Look, settle
from tests.support.service import Running, running

SPANS = 3_000
EVERY = 700
SESSION = "3a6d0c1e-58b7-4f29-8d14-c0ffee000001"
DARK = {"color_scheme": "dark"}
COLOURS = ("color-contrast", "link-in-text-block")
FIRST = (
    "/",
    "/sessions",
    "/jobs",
    "/tools",
    "/cost",
    "/search",
    "/experiments",
    "/work",
    "/sql",
    "/health",
    "/connect",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one browser for all tests of this module."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Run a service that has heard every recording, one large trace, and some of everything for the book of work."""
    with running(tmp_path_factory.mktemp("heard") / "spanledger.db") as service:
        for name in corpus.ALL:
            for one in corpus.source(name).requests:
                corpus.send(service, one)
        large_trace.send(service, SPANS, every=EVERY)
        settle(service)
        fill(service, session=SESSION)
        yield Look(service)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Run a service all of whose texts are hostile."""
    with running(tmp_path_factory.mktemp("attacked") / "spanledger.db") as service:
        hostile.send(service)
        settle(service)
        fill(service, prefix=hostile.TEXTS[0] + hostile.TEXTS[1], session=hostile.SESSION)
        yield Look(service)


def pages(service: Running) -> list[str]:
    """List a page of each kind, and the ways to look at it."""
    job = service.rows("select id from job_history where failed_tool_calls > 0 order by id limit 1")[0]["id"]
    tool = service.rows("select name from tool_calls order by name limit 1")[0]["name"]
    entry = service.rows("select trace_id as id from agent_traces where raw_output is not null limit 1")[0]["id"]
    trace = f"/traces/{large_trace.TRACE}"
    return [
        *FIRST,
        f"/sessions/{SESSION}",
        f"/jobs/{quote(job, safe='')}",
        f"/tools/{quote(tool, safe='')}",
        f"/entries/{entry}",
        f"{trace}?levels=2",
        f"{trace}/spans/{large_trace.span_of(1)}",
        "/search?q=weather",
        "/sql?q=select%20agent_name%20from%20agent_sessions",
        "/cost?period=all",
        "/experiments/index",
        "/work/plans/search",
        "/work/debugging/slow",
    ]


def test_every_page_is_sound(heard: Look, browser: Browser) -> None:
    """No page has an error in its console, asks anything of others, or keeps readers with other senses out."""
    with window(browser, heard.service.url()) as seen:
        for path in pages(heard.service):
            seen.open(path)
            assert [] == seen.axe(), path


def test_dark(heard: Look, browser: Browser) -> None:
    """In the dark colours everything can be read as well."""
    with window(browser, heard.service.url(), **DARK) as seen:
        for path in ("/", f"/sessions/{SESSION}", f"/traces/{large_trace.TRACE}?levels=2", "/cost?period=all", "/sql"):
            seen.open(path)
            assert [] == seen.axe(*COLOURS), path


def test_nothing_recorded(empty: Look, browser: Browser) -> None:
    """Empty pages are sound too."""
    with window(browser, empty.service.url()) as seen:
        for path in FIRST:
            seen.open(path)
            assert path not in {"/", "/health", "/work"} or [] == seen.axe(), path


def test_without_javascript(heard: Look, browser: Browser) -> None:
    """Everything that pages tell is there without JavaScript; what is loaded later is a link."""
    with window(browser, heard.service.url(), java_script_enabled=False) as seen:
        page = seen.page
        seen.open("/")
        expect(page.get_by_role("table", name="Recent jobs")).to_be_visible()
        page.get_by_role("link", name="Sessions").click()
        page.locator(f"a[href='/sessions/{SESSION}']").first.click()
        expect(page.get_by_text("Please list the files here.").first).to_be_visible()
        seen.open(f"/traces/{large_trace.TRACE}")
        page.locator("a.row", has_text="execute_tool").first.click()
        expect(page.get_by_role("heading", name="Attributes")).to_be_visible()
        seen.open("/cost?period=all")
        expect(page.get_by_role("heading", name="By model")).to_be_visible()


def test_large_trace(heard: Look, browser: Browser) -> None:
    """A trace of thousands of spans opens with its first rows, loads more on the way down, and leads to its errors."""
    with window(browser, heard.service.url()) as seen:
        page = seen.page
        seen.open(f"/traces/{large_trace.TRACE}")
        rows = page.locator(".waterfall tr[data-row]")
        expect(rows).to_have_count(100)
        page.locator(".sentinel").last.scroll_into_view_if_needed()
        expect(rows).to_have_count(200)
        for _ in range(SPANS // EVERY):
            page.keyboard.press("e")
            page.wait_for_load_state()
            expect(page.locator(".waterfall tr.at.bad")).to_have_count(1)
        page.locator(".waterfall tr.at a.row").click()
        expect(page.locator("#detail")).to_contain_text("exit status 1")


def test_folding(heard: Look, browser: Browser) -> None:
    """The sign before a span hides what is below it, and shows it again."""
    with window(browser, heard.service.url()) as seen:
        seen.open(f"/traces/{large_trace.TRACE}?levels=3")
        rows = seen.page.locator(".waterfall tr[data-row]:visible")
        before = rows.count()
        sign = seen.page.locator("a.twisty").first
        sign.click()
        expect(rows).to_have_count(1)
        sign.click()
        expect(rows).to_have_count(before)


def test_keys(heard: Look, browser: Browser) -> None:
    """Keys move through rows, open them, find the search, and tell of themselves."""
    with window(browser, heard.service.url()) as seen:
        page = seen.page
        seen.open("/sessions")
        for key in ("j", "j", "k"):
            page.keyboard.press(key)
        expect(page.locator("tbody tr").first).to_have_class(re.compile(r"\bat\b"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/sessions/*")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
        page.keyboard.press("?")
        page.keyboard.press("/")
        expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
        expect(page.get_by_role("searchbox").first).to_be_focused()
        page.keyboard.type("weather")
        page.keyboard.press("Enter")
        expect(page.locator("mark").first).to_be_visible()


def test_steps_tell_what_was_said(heard: Look, browser: Browser) -> None:
    """A model call in a turn shows what was said when it is opened."""
    job = heard.service.rows(
        "select m.job_id as id from model_calls as m join agent_traces as t on t.trace_id = m.call_id"
        " where t.raw_output is not null and m.job_id is not null order by m.call_id limit 1"
    )[0]["id"]
    with window(browser, heard.service.url()) as seen:
        seen.open(f"/jobs/{quote(job, safe='')}")
        seen.page.locator("details.llm > summary").first.click()
        expect(seen.page.locator(".said").first).to_be_visible()


def test_news(heard: Look, browser: Browser) -> None:
    """What arrives is on the first page within moments, without a reload."""
    with window(browser, heard.service.url()) as seen:
        seen.open("/")
        expect(seen.page.locator("#liveness")).to_have_text("live")
        seen.page.evaluate("window.same = true")
        hostile.send(heard.service)
        expect(seen.page.locator("#live")).to_contain_text("window.owned=1")
        assert seen.page.evaluate("window.same")


def test_hostile_text_runs_nothing(attacked: Look, browser: Browser) -> None:
    """Every page shows scripts, links and templates in every field as text; nothing runs, nothing leaves the page."""
    with window(browser, attacked.service.url()) as seen:
        for path in [*FIRST, *hostile.pages(attacked.service)]:
            seen.open(path)
            _untouched(seen.page.content(), path)
            assert seen.page.evaluate("window.owned === undefined"), path
            assert not seen.page.locator("main img, main script, main iframe, main [onerror], main [onload]").count()
            leaving = seen.page.locator("a[href^='http']:not([rel*='noopener'])").count()
            assert (0, 0) == (leaving, seen.page.locator("a[href^='javascript' i]").count()), path


def _untouched(html: str, path: str) -> None:
    """Assert that hidden characters became visible, and that no template was filled twice."""
    assert not re.search("[\x00\x07\x1b\u200b\u202e\u2066]", html), path
    assert "{49}" not in html, path
