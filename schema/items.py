"""Judge the parts that spans, log records and metric points share: ids and times.

Whatever is mended is named in the item's notes, which become its `repaired` column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import TooLarge
from schema.rows import Row
from schema.values import SIGNED_63, Notes, Plain, attributes_text, content_id, text, text_or_none

Head = tuple[int, int, int]
"""(resource_id, scope_id, received_at): what the items of one envelope share."""

UNKNOWN_SERVICE = "unknown_service"
MAX_ITEMS = 200_000


def check_count(items: int) -> None:
    """Refuse a request with more items than one transaction should hold (reliability.md row 35)."""
    if items > MAX_ITEMS:
        message = f"request holds {items} items, the limit is {MAX_ITEMS}; send smaller batches"
        raise TooLarge(message)


class ItemRefusedError(Exception):
    """Refuse one item; its neighbours are kept."""

    def __init__(self, reason: str, message: str) -> None:
        """Keep the reason as a word for counters and the message as a sentence for the sender."""
        super().__init__(message)
        self.reason = reason


@dataclass(slots=True)
class PayloadBudget:
    """Bound the bytes, and the work, that keeping a request's refused items may take.

    Each payload repeats the resource above its item: a large one must not be written again for every item.
    """

    left: int

    @classmethod
    def of(cls, body_bytes: int) -> "PayloadBudget":
        """Give a request four times its own size."""
        return cls(max(1 << 20, 4 * body_bytes))

    def spend(self, write: Callable[[], bytes | None]) -> bytes | None:
        """Write a payload while there is room; the first that does not fit is the last that is tried."""
        if self.left <= 0:
            return None
        payload = write()
        self.left -= len(payload or b"")
        return payload if self.left >= 0 else None


def required_id(raw: bytes, size: int, field: str, notes: Notes) -> str:
    """Read an id that an item cannot be without (otlp.md D01, D02)."""
    known = optional_id(raw, size, field, notes)
    if known is None:
        told = f"has {len(raw)} bytes, need {size}" if len(raw) != size else "is all zero"
        raise ItemRefusedError(f"invalid_{field}", f"{field} {told}")
    return known


def optional_id(raw: bytes, size: int, field: str, notes: Notes) -> str | None:
    """Read an id that may be missing; a bad one is noted and dropped (otlp.md D03, L01)."""
    if len(raw) == size and any(raw):
        return raw.hex()
    if not raw or not any(raw):
        return None
    notes[field] = raw[:64].hex()
    return _hex_text(raw, size)


def nanos(value: int, field: str, notes: Notes) -> int | None:
    """Read a time; what SQLite's integers cannot hold stays in the notes (reliability.md row 42)."""
    if value <= SIGNED_63:
        return value
    notes[field] = str(value)
    return None


def resource_row(attributes: dict[str, Plain], *, dropped: int, schema_url: str, entity_refs: Sequence[Plain]) -> Row:
    """Make a resource's row; its id is made from its content."""
    written, refs = attributes_text(attributes, {}), text_or_none(entity_refs)
    service = attributes.get("service.name")
    name = service if isinstance(service, str) and service else UNKNOWN_SERVICE
    return (content_id("resource", written, dropped, schema_url, refs), name, written, dropped, schema_url, refs)


def scope_row(name: str, version: str, attributes: dict[str, Plain], *, dropped: int, schema_url: str) -> Row:
    """Make an instrumentation scope's row; its id is made from its content."""
    written = attributes_text(attributes, {})
    identity = content_id("scope", name, version, written, dropped, schema_url)
    return (identity, name, version, written, dropped, schema_url)


def repaired(notes: Notes) -> str | None:
    """Write the notes of an item, or nothing when it was kept as it came."""
    return text(notes) if notes else None


def _hex_text(raw: bytes, size: int) -> str | None:
    """Read an id that was sent as hexadecimal text in a binary field (otlp.md D02)."""
    if len(raw) != 2 * size:
        return None
    try:
        decoded = bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        return None
    return decoded.hex() if len(decoded) == size and any(decoded) else None
