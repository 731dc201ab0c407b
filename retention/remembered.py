"""Remember what was erased: by hashes, so that what comes late for it goes as well.

Until rows and archives are without it, its ids are remembered too: who goes on with it after a crash looks for these.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from retention.holdings import Subject
from retention.moments import SECOND, iso
from schema.derived import Step
from schema.signals import Signal
from store.forgetting import OldSide

AUDITED: Final = 10_000
"""Lines of the audit log that are kept."""
KEPT: Final = 100_000
REMEMBERED: Final = 30 * 24 * 3600 * SECOND
"""For so long what comes late for an erased session or trace is erased as well."""
SEEN, ANEW = "erased_seen", "erased_anew"
"""Names of what is kept: up to which records it was looked for what came late, and when files were written anew."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Hold what is not erased as a whole: all hashes, those that were asked for, and what may have rows left."""

    hashes: Sequence[str]
    asked: Sequence[str]
    subjects: Sequence[Subject]

    @classmethod
    def of(cls, side: OldSide) -> "Unfinished":
        """Read it."""
        rows = side.rows("unfinished")
        asked = [hash_ for hash_, _, kind, _ in rows if kind]
        return cls([row[0] for row in rows], asked, [Subject(kind, name) for _, _, kind, name in rows if name])


def audited(subject: Subject, counts: Mapping[str, int], now: int, *, who: str, address: str) -> list[Step]:
    """Write down who has what erased, without saying its name."""
    detail = orjson.dumps({"kind": subject.kind, "sha256": subject.hash, **counts}).decode()
    audit = {"at": iso(now), "who": who, "address": address, "action": "erase", "detail": detail}
    return [Step("audit", audit), Step("forget_audit", {"kept": AUDITED})]


def known(side: OldSide, now: int) -> dict[str, str]:
    """Give the hashes of what was erased lately, each with when."""
    return dict(side.rows("erased", since=iso(now - REMEMBERED)))


def begun(subjects: Iterable[Subject], now: int) -> Step:
    """Remember by name what is being erased."""
    return _added([(one.hash, one.kind, one.id) for one in subjects], now)


def late(subjects: Iterable[Subject], now: int) -> Step:
    """Remember by hash what came late and was erased: its bytes are left."""
    return _added([(one.hash, None, None) for one in subjects], now)


def nameless(hashes: Sequence[str]) -> Step:
    """Forget the names: rows and archives are without them."""
    return Step("forget_erased_names", {"hashes": orjson.dumps(hashes).decode()})


def finished(hashes: Sequence[str], now: int) -> list[Step]:
    """Write down that nothing is left, not a byte."""
    told = {"hashes": orjson.dumps(hashes).decode(), "now": iso(now)}
    return [Step("finish_erased", told), _noted(ANEW, now)]


def forgetting(now: int) -> list[Step]:
    """Forget what was erased long ago."""
    before = iso(now - REMEMBERED)
    return [Step("forget_erased", {"before": before}), Step("forget_many_erased", {"kept": KEPT})]


def since(erased: Mapping[str, str], unfinished: Unfinished) -> str:
    """Say since when sessions may have come that were erased: what is not finished may be as old as any."""
    return "" if unfinished.hashes else min(erased.values())


def unseen(side: OldSide) -> dict[str, int]:
    """Say between which ids records have come since it was last looked."""
    after = orjson.loads(side.state().get(SEEN, "[0, 0]"))
    ends = side.ends()
    return {
        "after_span": after[0],
        "after_log": after[1],
        "span": ends[Signal.TRACES],
        "log": ends[Signal.LOGS],
    }


def seen(told: Mapping[str, int]) -> Step:
    """Note that records up to these ids were looked at."""
    return _noted(SEEN, [told["span"], told["log"]])


def written_anew(side: OldSide) -> int:
    """Say when files were last written anew, in Unix nanoseconds."""
    return int(side.state().get(ANEW, 0))


def _added(erased: Sequence[tuple[str, str | None, str | None]], now: int) -> Step:
    return Step("add_erased", {"erased": orjson.dumps(erased).decode(), "now": iso(now)})


def _noted(key: str, value: object) -> Step:
    return Step("set_retention", {"key": key, "value": orjson.dumps(value).decode()})
