"""Make session directories as orchestrators do, and prove that nobody touched them."""

import json
import os
from pathlib import Path
from typing import Any

PHASES = ("spec", "plan", "build", "docs")


def state(session_id: str, **facts: Any) -> dict[str, Any]:
    """Make a state of the second version of seed 001's orchestrator."""
    return {
        "$schema": "Session state manifest v2 - programmatic updates only",
        "session_id": session_id,
        "topic": f"Topic of {session_id}",
        "prior_session": None,
        "session_type": "full",
        "created_at": "2026-02-16T21:14:17+00:00",
        "updated_at": "2026-02-17T01:15:00+00:00",
        "current_phase": "build",
        "status": "active",
        "phase_history": {
            "spec_started_at": "2026-02-16T21:14:17+00:00",
            "spec_completed_at": "2026-02-16T21:45:00+00:00",
            "build_started_at": "2026-02-16T23:45:00+00:00",
            "build_completed_at": None,
            "docs_started_at": None,
        },
        "build_progress": {"checkpoints_total": 4, "checkpoints_completed": [1, 2], "current_checkpoint": 3},
        "git": {"branch": "main", "worktree": None},
        "commits": [
            {"sha": "8d20e29", "message": "add it", "checkpoint": 1, "created_at": "2026-02-16T23:50:00+00:00"}
        ],
        "agents": [
            {"id": "a-1", "type": "builder", "status": "complete", "started": "2026-02-16T23:45:00Z"},
            {"id": "a-2", "type": "tester", "status": "error", "error": "no room", "cost_usd": 0.25},
        ],
        **facts,
    }


def save(directory: Path, **facts: Any) -> Path:
    """Write a session directory the way a careful program does: beside the place first, then into it."""
    directory.mkdir(parents=True, exist_ok=True)
    told = {"session_id": directory.name, **facts}
    other = directory / "state.json.new"
    other.write_text(json.dumps(state(**told), indent=2), "utf-8")
    other.replace(directory / "state.json")
    return directory


def project(root: Path, count: int) -> list[Path]:
    """Make a project with some sessions, each with its documents."""
    (root / ".git").mkdir(parents=True)
    made = []
    for number in range(count):
        directory = save(
            root / "agents" / "sessions" / f"2026-02-16_work_{number:04}", current_phase=PHASES[number % len(PHASES)]
        )
        (directory / "spec.md").write_text(f"# Spec {number}\n\n> **Status**: finalized\n", "utf-8")
        made.append(directory)
    return made


def snapshot(root: Path) -> dict[str, tuple[Any, ...]]:
    """Hold everything of a tree that writing, or even touching, would change."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted([root, *root.rglob("*")]):
        about = os.lstat(path)
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (about.st_mode, about.st_size, about.st_mtime_ns, about.st_ctime_ns, content)
    return found
