"""Write `docs/conformance.md` from the results of the tests that name a requirement.

`pytest --conformance write` makes the page anew, `--conformance check` fails when it is out of date.
A test covers requirement R06 when its name holds `_R06_`, and bad input 34 when it holds `_row_34_`.
"""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"
REQUIREMENTS = Path(__file__).parent / "conformance" / "requirements.json"
INPUTS = Path(__file__).parent / "bad_input" / "inputs.json"
REQUIREMENT = re.compile(r"_([A-Z]\d\d)(?=_)")
ROW = re.compile(r"_row_(\d+)(?=_)")
PASS, EXPECTED_FAILURE, FAIL, MISSING = "pass", "expected failure", "fail", "no test"


class Report:
    """Collect results while the tests run, write or check the page at the end."""

    def __init__(self, mode: str) -> None:
        """Start with no results; mode is "write" or "check"."""
        self._mode = mode
        self._results: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test's result under every id in its name; the worst of its parameters counts.

        What this machine cannot run is not written as passed, and not held against the page either.
        """
        skipped = report.skipped and not hasattr(report, "wasxfail")
        if (skipped and self._mode == "write") or (report.when != "call" and report.outcome == "passed"):
            return
        name = report.nodeid.partition("[")[0]
        short = name.rpartition("::")[2] + "_"
        for key in (*REQUIREMENT.findall(short), *(f"row {int(number)}" for number in ROW.findall(short))):
            known = self._results[key].get(name)
            result = (PASS, "") if skipped else _result(report)
            if known is None or known[0] == PASS:
                self._results[key][name] = result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page, or compare it."""
        page = self._page()
        if self._mode == "write":
            PAGE.write_text(page)
        elif not PAGE.exists() or PAGE.read_text() != page:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            print("\ndocs/conformance.md does not match the results; run: make docs")  # noqa: T201  pytest's own way to say so

    def _page(self) -> str:
        requirements = json.loads(REQUIREMENTS.read_text())
        inputs = json.loads(INPUTS.read_text())
        return "\n".join(
            [
                "# Conformance",
                "",
                "Generated from the test results by `make docs`; do not edit.",
                "",
                *self._summary([row["id"] for row in requirements], [f"row {row['id']}" for row in inputs]),
                "## OTLP receiver",
                "",
                "Level: M must, S should, m may, H required by HTTP or gRPC, D our decision.",
                "",
                "| id | level | requirement | test | result |",
                "| --- | --- | --- | --- | --- |",
                *(self._line(row["id"], row["id"], row["level"], row["requirement"]) for row in requirements),
                "",
                "## Bad inputs",
                "",
                "| row | input | expected | test | result |",
                "| --- | --- | --- | --- | --- |",
                *(self._line(f"row {row['id']}", str(row["id"]), row["input"], row["expected"]) for row in inputs),
                "",
            ]
        )

    def _line(self, key: str, *cells: str) -> str:
        found = sorted(self._results.get(key, {}).items())
        tests = "<br>".join(f"`{name.removeprefix('tests/')}`" for name, _ in found)
        return "| " + " | ".join([*(cell.replace("|", "\\|") for cell in cells), tests, self._verdict(key)]) + " |"

    def _verdict(self, key: str) -> str:
        results = [result for _, result in sorted(self._results.get(key, {}).items())]
        if not results:
            return MISSING
        kinds = {kind for kind, _ in results}
        worst = next(kind for kind in (FAIL, EXPECTED_FAILURE, PASS) if kind in kinds)
        reasons = sorted({reason for kind, reason in results if kind == worst and reason})
        return f"{worst}: {'; '.join(reasons)}" if reasons else worst

    def _summary(self, *groups: list[str]) -> list[str]:
        lines = []
        for title, keys in zip(("OTLP receiver", "Bad inputs"), groups, strict=True):
            verdicts = [self._verdict(key).partition(":")[0] for key in keys]
            told = ", ".join(f"{verdicts.count(kind)} {kind}" for kind in (PASS, EXPECTED_FAILURE, FAIL, MISSING))
            lines.append(f"- {title}: {len(keys)} rows: {told}")
        return [*lines, ""]


def _result(report: pytest.TestReport) -> tuple[str, str]:
    expected = getattr(report, "wasxfail", "")
    if expected:
        return EXPECTED_FAILURE, expected.removeprefix("reason: ")
    return (PASS, "") if report.passed else (FAIL, "")
