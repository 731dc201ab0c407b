"""Say which session directories are mirrored, and how."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from core.section import Duration, Section, Size


class Sync(Section):
    """Mirror session directories (`state.json` and its neighbours) into the database; nothing is written to them."""

    paths: tuple[Path, ...] = ()
    """Folders to look for session directories in: projects, folders of sessions, or single sessions."""
    rescan: Annotated[Duration, Field(gt=0)] = 60
    """How often all of them are looked through, for what nobody told: changes on a network file system, new folders."""
    settle: Duration = 0.2
    """How long a directory that changed is left alone, so that a burst of saves is read once."""
    max_bytes: Annotated[Size, Field(gt=0)] = 4 << 20
    """Largest `state.json` that is read."""
