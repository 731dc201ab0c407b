"""Shape what a check of `spanledger doctor` finds."""

from collections.abc import Iterator
from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold the result of one check; `remedy` says what to do unless all is well."""

    check: str
    level: str
    text: str
    remedy: str = ""


Findings = Iterator[Finding]
