"""Write `docs/runtimes.md`: `python -m tests.runtimes`."""

from tests.runtimes.page import PAGE, page

PAGE.write_text(page(), "utf-8")
