"""Show how the recorder itself is: what came in, what was refused and why, what changed in what is sent, the disk."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.pages import Row
from api.times import iso_nano
from core.errors import Missing
from derive.drift import Drift, drifts
from schema.decode import DECODERS
from search.shapes import IndexState
from store.protocol import LedgerLine
from web.asking import Asked

REASONS: Final = 30
NEWEST: Final = 30
SENDERS: Final = 40
SWEEPS: Final = 12
KEYS: Final = 20_000
MOST_ID: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Disk:
    """Hold the bytes of the database and of its log, and those that are free on their disk."""

    database: int
    log: int
    free: int
    whole: int


@dataclass(frozen=True, slots=True)
class Health:
    """Hold what there is to say of the daemon and its database."""

    ledger: Sequence[LedgerLine]
    received: Mapping[str, str | None]
    deriving: Mapping[str, Any]
    reasons: Sequence[Row]
    refused: Sequence[Row]
    tally: Row
    drifts: Sequence[Drift]
    senders: Sequence[Row]
    disk: Disk
    sweeps: Sequence[Row]
    pins: Sequence[Row]
    told: str
    index: IndexState
    title: str = "Health"
    section: str = "health"

    @property
    def replayable(self) -> int:
        """Count the refused items that can be sent again."""
        return sum(one["replayable"] for one in self.reasons)

    @property
    def balanced(self) -> bool:
        """Say whether the books add up."""
        return all(line.received == line.stored + line.duplicate + line.rejected for line in self.ledger)


@dataclass(frozen=True, slots=True)
class Refused:
    """Hold one refused item; `text` is what was sent, as far as it is text."""

    row: Row
    text: str
    told: str
    section: str = "health"

    @property
    def is_replayable(self) -> bool:
        """Say whether it can be sent again."""
        return bool(self.text) and self.row["state"] == "rejected" and self.row["encoding"] in DECODERS

    @property
    def title(self) -> str:
        """Name the page."""
        return f"Refused item {self.row['id']}"


def show(asked: Asked) -> Health:
    """Look at everything that can go wrong."""
    report = asked.side.report
    return Health(
        ledger=asked.side.ledger(),
        received={name: iso_nano(at) for name, at in report("newest_received")[0].items()},
        deriving=asked.daemon.deriving(),
        reasons=report("refused_by_reason", limit=REASONS),
        refused=[_refused(row) for row in report("newest_refused", limit=NEWEST)],
        tally=report("refused_tally")[0],
        drifts=list(drifts(report("keys_watched", limit=KEYS))),
        senders=report("senders", limit=SENDERS),
        disk=_disk(asked.daemon.database),
        sweeps=report("newest_sweeps", limit=SWEEPS),
        pins=report("kept_for_good", limit=SWEEPS),
        told=_replayed(asked),
        index=asked.side.search_state(),
    )


def show_refused(asked: Asked) -> Refused:
    """Read one refused item."""
    named = asked.path["id"]
    number = int(named) if named.isascii() and named.isdigit() and int(named) < MOST_ID else -1
    found = asked.side.report("refused", id=number)
    if not found:
        raise Missing(
            f"there is no refused item {named[:40]!r}; it may have been forgotten to make room for newer ones"
        )
    row = _refused(found[0])
    payload: bytes = row.pop("payload") or b""
    text = payload.decode("utf-8", "replace") if row["encoding"] == "json" else payload.hex(" ", 4)
    return Refused(row, text, _replayed(asked))


def _replayed(asked: Asked) -> str:
    """Say what came of sending again, which the address tells."""
    if "sent" not in asked.query:
        return ""
    sent, kept, more = asked.whole("sent"), asked.whole("kept"), asked.whole("more")
    told = f"{kept} of {sent} sent again {'is' if kept == 1 else 'are'} kept now"
    told += f", {sent - kept} refused still" if sent > kept else ""
    return f"{told}; there are more to send" if more else told


def _disk(path: Path) -> Disk:
    usage = shutil.disk_usage(path.parent)
    database, log = (_size(one) for one in (path, path.with_name(f"{path.name}-wal")))
    return Disk(database, log, usage.free, usage.total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _refused(row: Row) -> Row:
    row["at"] = iso_nano(row["received_at"])
    return row
