"""Tell a job the way seed 004 prints it, and programs' databases with and without a daemon."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.service import running

WAYS = ("alone", "daemon")


@contextmanager
def database(folder: Path, way: str) -> Iterator[Path]:
    """Name a database that does not exist yet, or one on which a daemon runs."""
    path = folder / "told.db"
    if way == "alone":
        yield path
        return
    with running(path):
        yield path


def job(**values: Any) -> dict[str, Any]:
    """Tell a job that is over, with every field."""
    told = {
        "id": "job-1",
        "status": "completed",
        "model": "gpt-5.2-codex",
        "reasoning": "high",
        "cwd": "/home/dev/shop",
        "prompt": "Mend the cart.\n" + "It loses items. " * 200,
        "summary": "Mended. " * 300,
        "session_id": "sess-9",
        "started_at": "2026-02-10T23:58:00.000Z",
        "completed_at": "2026-02-11T00:03:00.000Z",
        "elapsed_ms": 300_000,
        "tokens": {"input": 12_000, "output": 800, "context_used_pct": 6.4, "context_window": 200_000},
        "estimated_cost": 0.1 + 0.2,
        "tool_call_count": 3,
        "failed_tool_calls": 1,
        "primary_tool": "bash",
        "files_modified": ["src/cart.ts", "src/dashboard/db.ts"],
        "message_count": 9,
        "user_message_count": 2,
        "has_session": True,
        "reuse_count": 1,
        "original_prompt": "Mend it.",
        "tool_calls": [
            tool_call("bash", input_preview='{"command":"ls"}', output_preview="x" * 700),
            tool_call("edit_file", is_error=True, output_preview="no such file"),
            tool_call("bash", timestamp="2026-02-10T23:59:30Z"),
        ],
        "subagents": [
            {"id": "sub-1", "tool_call_count": 2, "message_count": 5},
            {"id": "sub-2", "tool_call_count": 0, "message_count": 1},
        ],
    }
    return {**told, **values}


def tool_call(name: str, **values: Any) -> dict[str, Any]:
    """Tell a tool call."""
    told = {"name": name, "is_error": False, "timestamp": "2026-02-10T23:59:00Z"}
    return {**told, "input_preview": None, "output_preview": None, **values}
