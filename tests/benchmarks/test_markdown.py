"""The results table of a page is replaced, and nothing else of it."""

from pathlib import Path

import pytest

from benchmarks.markdown import BEGIN, END, rewrite

RESULT = {
    "machine": {
        "date": "2026-11-21T02:00:00+00:00",
        "cores": 2,
        "cpu": "Some CPU",
        "filesystem": "ext4",
        "python": "3.11.7",
        "sqlite": "3.54.1",
    },
    "figures": {
        "throughput_grpc": {
            "value": 20_500, "unit": "spans/s", "floor": 40_000, "ratio": 0.5125,
            "target": ">= 0.5 x floor", "met": True,
        },
        "idle_rss": {"value": 91.5, "unit": "MB", "target": "<= 90", "met": False},
    },
}  # fmt: skip


def test_the_table_stands_between_the_markers(tmp_path: Path) -> None:
    """Rewriting twice gives one table, and the text around it stays."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    rewrite(page, RESULT)
    rewrite(page, RESULT)
    text = page.read_text()

    assert text.startswith(f"before\n{BEGIN}\nMeasured 2026-11-21 on 2 cores of Some CPU, ext4,")
    assert text.endswith(f"{END}\nafter\n")
    assert "| throughput_grpc | 20,500 | spans/s | 40,000 | 0.5125 | >= 0.5 x floor | yes |" in text
    assert "| idle_rss | 91.5 | MB | - | - | <= 90 | no |" in text
    assert text.count("throughput_grpc") == 1


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    """A page that has no place for the table is not changed, and the message says what to add."""
    page = tmp_path / "page.md"
    page.write_text("text\n")
    with pytest.raises(SystemExit, match="results:begin"):
        rewrite(page, RESULT)

    assert page.read_text() == "text\n"
