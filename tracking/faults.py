"""Name what can be wrong with a command (mapping.md F.4)."""

from enum import StrEnum
from typing import Any

from core.errors import Refused


class Code(StrEnum):
    """Say in one word what is wrong; the words are part of the vocabulary."""

    MISSING_FIELD = "MISSING_FIELD"
    BAD_TYPE = "BAD_TYPE"
    BAD_JSON = "BAD_JSON"
    UNKNOWN_STATUS = "UNKNOWN_STATUS"
    UNKNOWN_OUTCOME = "UNKNOWN_OUTCOME"
    UNKNOWN_EXIT_REASON = "UNKNOWN_EXIT_REASON"
    BAD_RUN_NO = "BAD_RUN_NO"
    SUMMARY_TOO_LONG = "SUMMARY_TOO_LONG"
    NOT_FOUND = "NOT_FOUND"
    AMBIGUOUS = "AMBIGUOUS"
    UNKNOWN_EVENT = "UNKNOWN_EVENT"
    TOO_LARGE = "TOO_LARGE"


class Fault(Refused):
    """Refuse a command: what is wrong, with which attribute, and in words.

    `event` and `entity` say which command it is; `key` is what was not found.
    """

    reason = "tracking"

    def __init__(  # noqa: PLR0913  one for each thing that is told of it
        self, code: Code, text: str, *, attribute: str = "", key: Any = None, event: str = "", entity: str = ""
    ) -> None:
        """Keep what is told of it; the message is the text alone."""
        super().__init__(text)
        self.code, self.text, self.attribute, self.key = code, text, attribute, key
        self.event, self.entity = event, entity

    def of(self, event: str, entity: str) -> "Fault":
        """Say of which command it is."""
        return Fault(self.code, self.text, attribute=self.attribute, key=self.key, event=event, entity=entity)

    def line(self) -> str:
        """Write it in one line, as senders of OTLP are told (mapping.md F.5)."""
        about = " ".join(filter(None, (self.code, self.event, self.entity)))
        return f"{about}: {self.text}"
