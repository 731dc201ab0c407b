"""Hold what a page says when something cannot be shown."""

from dataclasses import dataclass
from typing import Final

TITLES: Final = {
    400: "That cannot be asked",
    401: "A token is needed",
    403: "Not from there",
    404: "Not here",
    503: "Not now",
    500: "Our mistake",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Hold an error for a person; `enter` is where a token is sent."""

    status: int
    message: str
    wants_token: bool
    enter: str
    section: str = ""

    @property
    def title(self) -> str:
        """Name the page."""
        return TITLES.get(self.status, "That did not work")
