"""Say where telemetry is kept and what that may cost."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from core.section import Duration, Section, Size
from store.connection import Durability


class Store(Section):
    """Keep telemetry in one SQLite file."""

    path: Path | None = None
    """Database file; by default `spanledger.db` in the user's data directory."""
    durability: Durability = "full"
    """"full" answers after an fsync: a power cut loses nothing answered; "relaxed" may lose the last seconds to one."""
    min_free_disk: Size = 512 << 20
    """Free disk space below which nothing more is taken until there is room again."""
    min_free_percent: Annotated[float, Field(ge=0, le=90)] = 5.0
    """The same as a share of the disk; the larger of the two holds."""
    reserve: Size = 64 << 20
    """Space kept in a file beside the database, so that a full disk can still be swept; 0 keeps none."""
    broken: Literal["aside", "refuse"] = "aside"
    """What a start does with a database that is found damaged after an unclean end: put it aside as `….corrupt-TIME`,
    begin a new one and say so, or refuse to start."""
    wal_checkpoint: Size = 32 << 20
    """Size of the write-ahead log from which it is folded into the database."""
    wal_truncate: Size = 48 << 20
    """Size of the write-ahead log from which readers may be waited for, up to 250 ms, to make it small again."""
    cache: Size = 32 << 20
    """Memory for the writer's pages."""
    queue_bytes: Size = 64 << 20
    """Bytes of requests that may wait for the writer, the ones being written included."""
    group_bytes: Size = 8 << 20
    """Bytes of requests that are written with one fsync."""
    replay_window: Duration = 15 * 60
    """How long a request is remembered, so that the same bytes sent again are answered and not stored again."""
    rejections_kept: Annotated[int, Field(ge=0)] = 100_000
    """Refused items that are kept for a look and another try; the oldest are forgotten and counted."""
    rejection_bytes: Size = 256 << 20
    """Bytes of refused items that are kept."""
