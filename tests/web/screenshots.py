"""Take pictures of the main pages for the documentation: `make screenshots`."""

import base64
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.support import corpus, large_trace
from tests.support.bookkeeping import fill
from tests.support.browser import browsing, window
from tests.support.looking import settle
from tests.support.service import Running, running

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
SESSION: Final = "3a6d0c1e-58b7-4f29-8d14-c0ffee000001"
JOB: Final = "94056d93-5c04-4494-9020-20e198c208de"
TRACE: Final = "2a4ae656f16021f18e35098a12723211"
SIZE: Final = {"width": 1280, "height": 800}
QUALITY: Final = 82
PAGES: Final = {
    "now": "/",
    "session": f"/sessions/{SESSION}",
    "job": f"/jobs/{JOB}",
    "trace": f"/traces/{TRACE}",
    "large-trace": f"/traces/{large_trace.TRACE}",
    "tools": "/tools?period=all",
    "cost": "/cost",
    "search": "/search?q=weather+Paris&kind=llm",
    "experiment": "/experiments/index?x=weight&y=p95_ms",
    "health": "/health",
}
DARK: Final = {"now", "trace"}


def main() -> None:
    """Load what is shown, and take each picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "spanledger.db") as service:
        _load(service)
        with browsing() as browser:
            for scheme in ("light", "dark"):
                with window(browser, service.url(), viewport=SIZE, color_scheme=scheme) as seen:
                    for name, path in PAGES.items():
                        if scheme == "light" or name in DARK:
                            seen.open(path)
                            _choose_a_span(seen.page, name)
                            _take(seen.page, FOLDER / f"{name}{'-dark' if scheme == 'dark' else ''}.webp")


def _load(service: Running) -> None:
    for name in corpus.ALL:
        for one in corpus.source(name).requests:
            corpus.send(service, one)
    large_trace.send(service, 3_000, every=700)
    settle(service)
    fill(service, session=SESSION)


def _choose_a_span(page: Page, name: str) -> None:
    if name == "trace":
        page.locator("a.row", has_text="tool").first.click()
        page.locator("#detail h2").wait_for()


def _take(page: Page, path: Path) -> None:
    """Write what is seen as WebP, which takes a fifth of PNG's room."""
    page.wait_for_timeout(400)
    session = page.context.new_cdp_session(page)
    told = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    path.write_bytes(base64.b64decode(told["data"]))


if __name__ == "__main__":
    main()
