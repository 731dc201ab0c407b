"""Look at pages in Chromium: errors in the console, reports of the policy and requests to elsewhere are faults."""

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

AXE = Path(__file__).parents[1] / "web" / "vendor" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
WAIT_MS = 30_000
SERIOUS = {"serious", "critical"}


@dataclass(slots=True)
class Window:
    """Hold an open page and what went wrong in it."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Load a page of ours."""
        answer = self.page.goto(f"{self.base}{path}", wait_until="load")
        if answer is None or answer.status >= 400:
            self.faults.append(f"{path} is {answer.status if answer else 'nothing'}")

    def axe(self, *rules: str) -> list[str]:
        """List what axe calls serious or worse, by all rules or by some."""
        chosen = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        self.page.evaluate(_axe())
        found: dict[str, Any] = self.page.evaluate(
            "told => axe.run(document, told)", {"resultTypes": ["violations"], **chosen}
        )
        return [
            f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
            for node in one["nodes"][:3]
        ]


def chromium() -> str:
    """Find Chromium, or skip the tests and say so loudly."""
    found = os.environ.get("SPANLEDGER_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        message = "no Chromium: pages are not tested in a browser; `make browser` installs it, with rights to do so"
        warnings.warn(pytest.PytestWarning(message), stacklevel=1)
        pytest.skip(message)
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run a browser for the length of a block."""
    path = chromium()
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(browser: Browser, base: str, **settings: Any) -> Iterator[Window]:
    """Open a window for the length of a block; what went wrong in it fails the test at its end."""
    settings.setdefault("viewport", {"width": 1360, "height": 860})
    context = browser.new_context(**settings)
    context.set_default_timeout(WAIT_MS)
    seen = Window(context.new_page(), base)
    _watch(seen)
    try:
        yield seen
    finally:
        context.close()
    assert not seen.faults


def _watch(seen: Window) -> None:
    """Note errors, dialogs, and requests that leave."""
    page = seen.page
    page.on("console", lambda told: seen.faults.append(told.text) if told.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("dialog", lambda dialog: _dismiss(seen, dialog))
    page.on("request", lambda sent: seen.faults.extend([sent.url] if not sent.url.startswith(seen.base) else []))


def _dismiss(seen: Window, dialog: Dialog) -> None:
    seen.faults.append(f"dialog: {dialog.message}")
    dialog.dismiss()


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")
